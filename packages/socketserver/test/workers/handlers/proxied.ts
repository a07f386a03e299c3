// Handlers that the tests of the PROXY protocol run in every model.
import { StreamRequestHandler } from '../../../src/index.ts';

/** Tells, in a line of JSON, who it is told the client is; then sends back what comes, line by line. */
export class TellClient extends StreamRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    const { clientAddress, request } = this;
    const { proxy, tls } = request;
    const facts = proxy && {
      version: proxy.version,
      command: proxy.command,
      transport: proxy.transport,
      source: proxy.source,
      destination: proxy.destination,
      authority: proxy.authority,
      uniqueId: proxy.uniqueId?.toString(),
      verified: proxy.ssl?.verified,
      tlvs: proxy.tlvs.map(({ type, value }) => [type, value.toString('hex')]),
      isFrozen: Object.isFrozen(proxy),
      hasPeer: proxy.peerAddress !== undefined,
    };
    const told = { clientAddress, peer: request.getpeername(), proxy: facts, protocol: tls?.protocol };
    await this.wfile.write(`${JSON.stringify(told)}\n`);
    for await (const line of this.rfile) await this.wfile.write(line);
  }
}
