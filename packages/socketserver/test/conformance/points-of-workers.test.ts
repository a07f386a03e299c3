/**
 * Where Python's servers surprise their users, with threads and processes: each point is matched here, or
 * (`differs`) changed for a reason that `docs/from-python.md` gives. The numbers are that page's.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, ForkingTCPServer, ThreadingTCPServer } from '../../src/index.ts';
import { readAll } from '../support/read-all.ts';
import { askOverStream } from './clients.ts';
import { EchoLine, Polite } from './handlers.ts';

const loopback = ['127.0.0.1', 0] as const;
const hello = 'hello world\n';

describe('threads', () => {
  it('S16 differs: with daemonThreads closing does not wait, and requests are drained behind it', async () => {
    class Daemonic extends ThreadingTCPServer {
      static override readonly daemonThreads = true;
    }
    const server = new Daemonic(loopback, Polite);
    const loop = server.serveForever();
    await using client = await connect(server.serverAddress);
    assert.equal((await client.readExactly(6)).toString(), 'hello,');
    await server.serverClose();
    await loop;
    assert.equal(server.activeRequests, 1);
    await client.sendall('.');
    assert.equal((await readAll(client)).toString(), 'goodbye');
  });
});

describe('processes', () => {
  it('S17 differs: those that have ended are collected, also without serveForever', async () => {
    const children = new Set<number>();
    const server = new ForkingTCPServer(loopback, EchoLine, { workers: { maxRequests: 1 } });
    for (let count = 0; count < 3; count += 1) {
      const asking = askOverStream(server.serverAddress, hello);
      await server.handleRequest();
      for (const pid of server.activeChildren) children.add(pid);
      assert.equal(await asking, hello);
    }
    await server.serverClose();
    assert.ok(children.size >= 2);
    for (const pid of children) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }); // a zombie would be there
  });
});
