import { ServerDrainingError, type StreamSocket } from 'socketserver';
import type { ServerChannel } from '../link/server-channel.ts';
import { ServerLink, type ServerLinkOwner } from '../link/server-link.ts';
import type { ServerStatus } from '../protocol/status.ts';
import type { ConnectionContext } from './connection-context.ts';
import { ServedCommand } from './served-command.ts';
import type { ServerService } from './server-service.ts';
import { software } from './software.ts';

/** A connection of an authenticated client, from its greeting to its end. */
export class ServedConnection implements ServerLinkOwner {
  readonly #service: ServerService;
  readonly #context: ConnectionContext;
  readonly #link: ServerLink;
  readonly #socket: StreamSocket;
  readonly #commands = new Map<ServedCommand, Promise<void>>();
  #isDraining = false;

  constructor(service: ServerService, context: ConnectionContext, socket: StreamSocket) {
    this.#service = service;
    this.#context = context;
    this.#socket = socket;
    this.#link = new ServerLink(socket, { software });
  }

  /**
   * Serves it. Resolves once all its commands have ended.
   *
   * @throws what the greeting failed with: {@link ProtocolError}, the socket's errors.
   */
  async serve(): Promise<void> {
    await this.#link.greet();
    const { connectionId, facts } = this.#context;
    this.#service.ledger.connected(connectionId);
    this.#service.publish({ type: 'connection-accepted', ...facts });
    const { signal } = this.#socket;
    const told = () => {
      if (signal.reason instanceof ServerDrainingError) void this.#drain();
    };
    signal.addEventListener('abort', told);
    if (signal.aborted) told();
    try {
      const error = await this.#link.run(this);
      await this.#allEnded();
      this.#service.publish({ type: 'connection-closed', reason: error.message, ...facts });
    } finally {
      this.#service.ledger.disconnected(connectionId);
    }
  }

  opened(channel: ServerChannel): void {
    const command = new ServedCommand(this.#service, this.#context, channel);
    if (this.#isDraining) command.terminate('server-draining');
    const serving = command.serve();
    this.#commands.set(command, serving);
    void serving.then(() => this.#commands.delete(command));
  }

  async status(): Promise<ServerStatus | undefined> {
    const { asker, owner } = this.#context;
    if (this.#service.decide({ kind: 'list' }, asker).verdict === 'deny') return undefined;
    return this.#service.status(owner);
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
