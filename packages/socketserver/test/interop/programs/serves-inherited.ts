/** Serves one client of a listening socket that it inherits, and says what that has: `serves-inherited.ts ENGINE FD`. */
import { BaseRequestHandler, TCPServer } from '../../../src/index.ts';
import { hasNoDelay } from '../has-no-delay.ts';

class Telling extends BaseRequestHandler {
  override handle() {
    console.log(`no delay: ${hasNoDelay(this.request)}`);
  }
}

const [engine, fd] = process.argv.slice(2);
await using server = new TCPServer({ fd: Number(fd) }, Telling, { engine: engine as 'node' | 'native' });
await server.handleRequest();
