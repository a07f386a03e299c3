/**
 * One of the servers behind HAProxy: says who it is, whom it serves and what that one said.
 *
 *     node examples/haproxy/server.ts name port health-port
 */
import { ConcurrentTCPServer, formatAddress, StreamRequestHandler } from 'socketserver';

const [name = 'one', port = '8001', healthPort = '9001'] = process.argv.slice(2);

class WhoServes extends StreamRequestHandler {
  override async handle(): Promise<void> {
    const client = formatAddress(this.clientAddress);
    for await (const line of this.rfile) await this.wfile.write(`${name} ${client} ${line.toString()}`);
  }
}

await using server = new ConcurrentTCPServer(['127.0.0.1', Number(port)], WhoServes, {
  proxyProtocol: { from: ['127.0.0.1'] },
  health: { address: ['127.0.0.1', Number(healthPort)] },
  timeouts: { lameDuckMs: 2_000 },
});
const serving = server.serveForever({ signals: ['SIGTERM'] });
console.log(`server ${name} on ${formatAddress(server.serverAddress)}`); // whoever reads it may send one
await serving;
