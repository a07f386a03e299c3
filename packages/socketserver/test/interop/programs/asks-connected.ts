// Serves UDP at any address, and has a Python program ask at those that its arguments name.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { BaseRequestHandler, ConcurrentUDPServer, type DatagramRequest } from '../../../src/index.ts';
import { serving } from '../../support/serving.ts';
import { peer } from '../program.ts';

/** Says where it was reached. */
class WhoAmI extends BaseRequestHandler<DatagramRequest> {
  override async handle() {
    const [, socket] = this.request;
    await socket.sendto(socket.getsockname()[0], this.clientAddress);
  }
}

const [any = '0.0.0.0', ...hosts] = process.argv.slice(2);
await using server = new ConcurrentUDPServer([any, 0], WhoAmI, { engine: 'native' });
await using _ = serving(server);
const [, port] = server.serverAddress;
const client = spawn('python3', [peer('connected_udp.py'), String(port), ...hosts], { stdio: 'inherit' });
const [status] = (await once(client, 'exit')) as [number | null];
process.exitCode = status ?? 1;
