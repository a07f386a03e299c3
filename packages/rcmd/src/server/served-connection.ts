import { ServerDrainingError, type StreamSocket } from 'socketserver';
import { ConnectionLostError } from '../link/connection-lost-error.ts';
import type { ServerChannel } from '../link/server-channel.ts';
import { ServerLink, type ServerLinkOwner } from '../link/server-link.ts';
import type { GoAway } from '../protocol/go-away.ts';
import type { ServerStatus } from '../protocol/status.ts';
import type { ConnectionContext } from './connection-context.ts';
import type { RequestName } from './core/intake-guard.ts';
import { PromptSessions } from './prompt-sessions.ts';
import { ServedCommand } from './served-command.ts';
import type { ServerService } from './server-service.ts';
import { software } from '../protocol/software.ts';

/** A connection of an authenticated client, from its greeting to its end. */
export class ServedConnection implements ServerLinkOwner {
  readonly #service: ServerService;
  readonly #context: ConnectionContext;
  readonly #link: ServerLink;
  readonly #socket: StreamSocket;
  readonly #sessions: PromptSessions;
  readonly #commands = new Map<ServedCommand, Promise<void>>();
  #isDraining = false;

  constructor(service: ServerService, context: ConnectionContext, socket: StreamSocket) {
    this.#service = service;
    this.#context = context;
    this.#socket = socket;
    this.#link = new ServerLink(socket, { software });
    this.#sessions = new PromptSessions(service.settings.paths.runtime);
  }

  /**
   * Serves it. Resolves once all its commands have ended.
   *
   * @throws what the greeting failed with: {@link ProtocolError}, the socket's errors.
   */
  async serve(name: RequestName): Promise<void> {
    const { connectionId, facts } = this.#context;
    const { core } = this.#service;
    if (!(await this.#link.greet(() => this.#register(name)))) return;
    core.publish({ type: 'connection-accepted', ...facts });
    const { signal } = this.#socket;
    const told = (): void => {
      if (signal.reason instanceof ServerDrainingError) void this.#drain();
    };
    signal.addEventListener('abort', told);
    if (signal.aborted) told();
    try {
      const error = await this.#link.run(this);
      if (isForced(error)) this.#service.kill();
      await this.#allEnded();
      core.publish({ type: 'connection-closed', reason: reasonOf(error), ...facts });
    } finally {
      core.disconnected(connectionId);
      this.#sessions[Symbol.dispose]();
    }
  }

  opened(channel: ServerChannel): void {
    const [service, context, sessions] = [this.#service, this.#context, this.#sessions];
    const command = new ServedCommand(channel, { service, context, sessions });
    if (this.#isDraining) command.terminate('server-draining');
    const serving = command.serve();
    this.#commands.set(command, serving);
    void serving.then(() => this.#commands.delete(command));
  }

  async status(): Promise<ServerStatus | undefined> {
    const { verdict } = await this.#service.decide({ kind: 'list' }, this.#context);
    return verdict === 'deny' ? undefined : this.#service.status(this.#context.owner);
  }

  /** Counts the connection in. @returns why it may not be. */
  async #register(name: RequestName): Promise<GoAway | undefined> {
    const { connectionId, owner } = this.#context;
    const admission = await this.#service.core.connected(name, { connectionId, owner });
    if (admission.isAdmitted) return undefined;
    const { message, retryAfterMs } = admission;
    return { code: 'BUSY', message, retryAfterMs };
  }

  /** Ends the commands, lets their ends go out, and takes leave. The server resets a client that holds this up. */
  async #drain(): Promise<void> {
    this.#isDraining = true;
    for (const command of this.#commands.keys()) command.terminate('server-draining');
    await this.#allEnded();
    this.#link.close({ code: 'DRAINING', message: 'the server is stopping' });
  }

  async #allEnded(): Promise<void> {
    await Promise.all(this.#commands.values());
  }
}

/** Why a connection ended: that it was lost is said only where nobody meant it to end. */
function reasonOf(error: Error): string {
  return error instanceof ConnectionLostError && error.isMeant ? error.why : error.message;
}

/** Whether a connection ended since its server was told to wait for nobody. */
function isForced({ cause }: Error): boolean {
  return cause instanceof ServerDrainingError && cause.isForced;
}
