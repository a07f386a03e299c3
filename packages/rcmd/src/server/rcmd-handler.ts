import { BaseRequestHandler, SocketServerError, TLSHandshakeError } from 'socketserver';
import { ProtocolError } from '../errors.ts';
import { encodeMessage } from '../protocol/message.ts';
import { greetingBytes } from '../link/server-link.ts';
import { alpnProtocol } from '../protocol/hello.ts';
import { authenticate } from './authenticate.ts';
import type { Refusal, RequestName } from './core/intake-guard.ts';
import {
  answerTo,
  clientHelloBytes,
  describeSpoken,
  lengthOfClientHello,
  type Spoken,
  tellFirstBytes,
  tellingBytes,
} from './first-bytes.ts';
import { type HandlerData, serviceFor } from './handler-data.ts';
import { ServedConnection } from './served-connection.ts';
import type { ServerService } from './server-service.ts';

/** Serves one connection, in whatever worker. */
export class RcmdHandler extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    const service = await serviceFor(this.server);
    try {
      await this.#serve(service);
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof SocketServerError)) throw error;
      // As a client does to which this server's key is new: nothing to hold against whoever sets it up.
      const isGone = error instanceof TLSHandshakeError && error.fault === 'closed';
      await this.#refused(service, { fault: isGone ? 'gone' : 'protocol', reason: error.message });
    }
  }

  async #serve(service: ServerService): Promise<void> {
    const spoken = await this.#begin(service);
    if (spoken === undefined) return;
    if (spoken !== 'rcmd') {
      await this.#refused(service, { fault: 'protocol', reason: describeSpoken(spoken) });
      await this.request.sendall(answerTo(spoken));
      return;
    }
    const who = await authenticate(this.request, this.clientAddress, service);
    if (who.isAllowed) {
      await new ServedConnection(service, who.context, this.request).serve(this.#name);
      return;
    }
    await this.#refused(service, who);
    const goAway = { code: 'DENIED', message: `you may not come in: ${who.reason}` } as const;
    await this.request.sendall(Buffer.concat(encodeMessage({ type: 'go-away', goAway })));
  }

  /**
   * Lets the client encrypt where it must.
   *
   * @returns what it speaks, within TLS on a port; `undefined` where it leaves before that is clear.
   */
  async #begin(service: ServerService): Promise<Spoken | undefined> {
    const spoken = await this.#listenTo();
    if (typeof this.clientAddress === 'string') return spoken;
    if (spoken === 'rcmd') return 'unknown'; // nobody speaks it in the clear here
    if (spoken !== 'tls') return spoken;
    const hello = await this.request.peek(clientHelloBytes, { min: clientHelloBytes });
    if (lengthOfClientHello(hello) > greetingBytes) {
      throw new ProtocolError('it does not begin with a ClientHello of a sensible length');
    }
    this.request.setNoDelay();
    await this.request.startTLS(service.tls);
    // A client that agreed on the protocol is told why it may not come in, before it says more.
    return this.request.tls?.alpnProtocol === alpnProtocol ? 'rcmd' : this.#listenTo();
  }

  /** What the client speaks; `undefined` where it leaves before that is clear. */
  async #listenTo(): Promise<Spoken | undefined> {
    for (let min = 1; ; min += 1) {
      const bytes = await this.request.peek(tellingBytes, { min });
      if (bytes.length === 0) return undefined;
      const spoken = tellFirstBytes(bytes);
      if (spoken !== undefined) return spoken;
      if (bytes.length < min || min === tellingBytes) return 'unknown';
      min = bytes.length;
    }
  }

  #refused(service: ServerService, { fault, reason }: Pick<Refusal, 'fault' | 'reason'>): Promise<void> {
    const address = typeof this.clientAddress === 'string' ? 'unix' : this.clientAddress[0];
    return service.core.refused(this.#name, { fault, address, reason });
  }

  get #name(): RequestName {
    const { listener } = this.server.workerData as HandlerData;
    return { listener, requestId: this.request.id };
  }
}
