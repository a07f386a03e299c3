import { BaseRequestHandler } from 'socketserver';
import { everything } from '../../trust/key-options.ts';
import { describePrincipal } from '../../trust/principal.ts';
import type { ConnectionContext } from '../connection-context.ts';
import { answerTo, describeSpoken, tellFirstPiece } from '../first-bytes.ts';
import { type HandlerData, serviceFor } from '../handler-data.ts';
import { PromptSessions } from '../prompt-sessions.ts';
import { ServedCommand } from '../served-command.ts';
import type { ServerService } from '../server-service.ts';
import { ClassicChannel } from './classic-channel.ts';

/** What the exchange has for a command that writes nothing. */
const noResults = 'command exec success, but do not have results';

/** Bytes of a command line, and of an acknowledgement: what one read takes. */
const lineBytes = 65_536;
const acknowledgementBytes = 1_024;

/** Bytes of output that are kept for one client at most. */
const maxOutputBytes = 64 * 1_048_576;

/**
 * The classic exchange, for anybody who can connect:
 *
 * ```text
 * client   echo hi              one command line, one read of the server's
 * server   3                    the bytes of the output, as decimal text
 * client   receive ok           any acknowledgement
 * server   hi\n                 the output, or `noResults`
 * ```
 *
 * What runs goes the way of every command: limits, decisions, audit, and its end with its client.
 */
export class ClassicHandler extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  /** When the server stops, the client is taken to have left. */
  override setup(): void {
    this.request.signal.addEventListener('abort', () => this.request.shutdown('read'));
  }

  override async handle(): Promise<void> {
    const service = await serviceFor(this.server);
    const { listener } = this.server.workerData as HandlerData;
    const name = { listener, requestId: this.request.id };
    const context = this.#context;
    const { connectionId, owner, facts } = context;
    const admission = await service.core.connected(name, { connectionId, owner });
    if (!admission.isAdmitted) return;
    service.core.publish({ type: 'connection-accepted', ...facts });
    try {
      if (await this.#isOther(service, facts.address)) return;
      while (await this.#serveLine(service, context));
    } finally {
      service.core.disconnected(connectionId);
      service.core.publish({ type: 'connection-closed', reason: 'the client closed it', ...facts });
    }
  }

  /**
   * Whether the client speaks something that a browser could be made to send here. It is answered and told of. A first command
   * that is a method of HTTP, or begins one, is taken for it: what follows might be the rest, with commands in it.
   */
  async #isOther(service: ServerService, address: string): Promise<boolean> {
    const first = await this.request.peek(lineBytes);
    const spoken = first.length === 0 ? undefined : tellFirstPiece(first);
    if (spoken !== 'http' && spoken !== 'tls') return false;
    service.core.blamed({ fault: 'protocol', address, reason: describeSpoken(spoken) });
    await this.request.sendall(answerTo(spoken));
    return true;
  }

  /** Serves one round. @returns `false` when the client has left. */
  async #serveLine(service: ServerService, context: ConnectionContext): Promise<boolean> {
    const { request } = this;
    const line = await request.recv(lineBytes);
    if (line.length === 0) return false;
    using sessions = new PromptSessions(service.settings.paths.runtime);
    const channel = new ClassicChannel(line.toString(), maxOutputBytes);
    const command = new ServedCommand(channel, { service, context, sessions });
    const acknowledgement = request.recv(acknowledgementBytes);
    let hasLeft = false;
    const leave = (): void => {
      hasLeft = true;
      command.terminate('client-gone');
    };
    // The read that waits for the acknowledgement also learns of a client that leaves while its command runs.
    void acknowledgement.then((bytes) => bytes.length === 0 && leave(), leave);
    await command.serve();
    const output = await channel.output;
    if (hasLeft) return false;
    await request.sendall(String(output.length || noResults.length));
    if ((await acknowledgement).length === 0) return false;
    await request.sendall(output.length === 0 ? noResults : output);
    return true;
  }

  get #context(): ConnectionContext {
    const address = typeof this.clientAddress === 'string' ? 'unix' : this.clientAddress[0];
    const connectionId = crypto.randomUUID();
    const principal = { kind: 'anyone' } as const;
    return {
      connectionId,
      asker: { principal, address },
      owner: `classic:${address}`,
      facts: { connectionId, address, principal: describePrincipal(principal) },
      rights: everything,
    };
  }
}
