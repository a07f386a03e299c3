// Serves one client: `send` streams the given number of bytes to it, `receive` reads as many, slowly. Then prints
// how far this process's memory grew meanwhile, in bytes of resident set.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { BaseRequestHandler, TCPServer } from '../../../src/index.ts';

const [direction, size, rate] = process.argv.slice(2) as ['send' | 'receive', string, string];
const totalBytes = Number(size);
const bytesPerSecond = Number(rate);

/** The largest resident set so far. [proc(5): VmHWM] */
function peakBytes(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
}

class Streaming extends BaseRequestHandler {
  override async handle() {
    if (direction === 'send') await this.#send();
    else await this.#receive();
  }

  async #send() {
    const block = Buffer.alloc(65_536, 'x');
    for (let sent = 0; sent < totalBytes; sent += block.length) await this.request.sendall(block);
  }

  async #receive() {
    const started = performance.now();
    for (let received = 0; received < totalBytes;) {
      received += (await this.request.recv(65_536)).length;
      const ahead = (received / bytesPerSecond) * 1000 - (performance.now() - started);
      if (ahead > 5) await delay(ahead);
    }
  }
}

const server = new TCPServer(['127.0.0.1', 0], Streaming);
await warmUp();
const before = peakBytes();
console.log(server.serverAddress[1]);
await server.handleRequest();
await server.serverClose();
console.log(peakBytes() - before);

/** Lets the heap reach its working size, and the garbage of buffers its usual height, so that the figure is about the connection and not about V8's start. */
async function warmUp(): Promise<void> {
  for (let round = 0; round < 1_000; round += 1) {
    Buffer.alloc(65_536, round);
    await delay(0);
  }
}
