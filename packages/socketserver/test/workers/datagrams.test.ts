import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { ForkingUDPServer, ThreadingUDPServer } from '../../src/index.ts';
import { ErrorCollector } from '../support/collecting-errors.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { serving } from '../support/serving.ts';
import { workerEngines } from '../support/worker-engines.ts';
import { Obey, Shout } from './handlers/datagrams.ts';

const address = ['127.0.0.1', 0] as const;

for (const [engineName, engine] of workerEngines) {
  for (const Server of [ThreadingUDPServer, ForkingUDPServer]) {
    describe(`${Server.name} on the ${engineName} engine`, () => {
      it('answers from its own address, whoever handles the datagram', async () => {
        const server = new Server(address, Shout, { engine });
        await using _ = serving(server);
        await using client = new DatagramClient();
        await client.send('hello', server.serverAddress);
        const [answer, sender] = await client.next();
        assert.equal(answer.toString(), 'HELLO');
        assert.deepEqual(sender, server.serverAddress);
      });

      it('handles it elsewhere', async () => {
        const server = new Server(address, Obey, { engine });
        await using _ = serving(server);
        await using client = new DatagramClient();
        const [pid, thread] = (await client.ask('where', server.serverAddress)).split(' ');
        if (Server === ForkingUDPServer) assert.notEqual(pid, `${process.pid}`);
        else assert.notEqual(thread, '0');
      });

      it('brings the error of a send back to the handler, and that of a handler to handleError', async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Obey, { engine });
        server.handleError = errors.handleError;
        await using _ = serving(server);
        await using client = new DatagramClient();
        assert.equal(await client.ask('long', server.serverAddress), 'long: EMSGSIZE');
        await client.send('fail', server.serverAddress);
        const { clientAddress, error } = await errors.next();
        assert.deepEqual(clientAddress, client.address);
        assert.equal(error.code, 'EWORD');
      });

      it('reports a lost worker with the client whose datagram it handled, and goes on', async () => {
        const errors = new ErrorCollector();
        const server = new Server(address, Obey, { engine });
        server.handleError = errors.handleError;
        await using _ = serving(server);
        await using client = new DatagramClient();
        await client.send('exit', server.serverAddress);
        const { clientAddress, error } = await errors.next();
        assert.deepEqual(clientAddress, client.address);
        assert.equal(error.code, 'WORKER_LOST');
        assert.match(await client.ask('word', server.serverAddress), /^4 false \d+$/);
      });
    });
  }
}
