import assert from 'node:assert/strict';
import { it } from 'node:test';
import { BaseRequestHandler, ConcurrentTCPServer, connect } from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';

for (const [engineName, engine] of workerEngines) {
  const start = (name: string, port: number): ConcurrentTCPServer => {
    class Name extends BaseRequestHandler {
      override async handle() {
        await this.request.sendall(name);
      }
    }
    return new ConcurrentTCPServer(['127.0.0.1', port], Name, { engine, allowReusePort: true });
  };

  it(`stream servers with allowReusePort share a port, and its clients, on the ${engineName} engine`, async () => {
    const one = start('one', 0);
    const two = start('two', one.serverAddress[1]);
    const ask = async (): Promise<string> => {
      await using socket = await connect(one.serverAddress);
      return (await socket.recv(100)).toString();
    };
    await using _ = serving(two);
    {
      await using __ = serving(one);
      const answers = new Set<string>();
      for (let count = 0; count < 1_000 && answers.size < 2; count += 1) answers.add(await ask());
      assert.deepEqual(answers, new Set(['one', 'two']));
    }
    for (let count = 0; count < 20; count += 1) assert.equal(await ask(), 'two');
  });

  it(`without it the port is one server's, on the ${engineName} engine`, async () => {
    await using one = new ConcurrentTCPServer(['127.0.0.1', 0], BaseRequestHandler, { engine });
    assert.throws(() => start('two', one.serverAddress[1]), { code: 'EADDRINUSE' });
  });
}
