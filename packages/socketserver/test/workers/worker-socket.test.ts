import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ToWorker } from '../../src/workers/messages/to-worker.ts';
import type { OwnSocket } from '../../src/workers/messages/worker-start.ts';
import { WorkerSocket } from '../../src/workers/worker-socket.ts';

function socketAndNews(isOpen: boolean): { readonly socket: WorkerSocket; readonly news: string[] } {
  const news: string[] = [];
  return { socket: new WorkerSocket(isOpen, ({ type }: ToWorker) => news.push(type)), news };
}

const own = {} as OwnSocket;

describe("a worker's own socket", () => {
  it('is asked for once, and closed once', () => {
    const { socket, news } = socketAndNews(false);
    socket.stopReceiving(true);
    assert.deepEqual(news, []);
    socket.receive(own);
    socket.receive(own);
    socket.stopReceiving(true);
    socket.stopReceiving(true);
    assert.deepEqual(news, ['receive', 'stop-receiving']);
    assert.equal(socket.isOpen, false);
  });

  it('is quiet once the worker has closed it, each that it was given, and serves nothing of it', () => {
    const { socket } = socketAndNews(true);
    socket.running = 2;
    socket.stopReceiving(true);
    socket.receive(own);
    socket.stopReceiving(true);
    socket.stoppedReceiving();
    socket.running = 0;
    assert.equal(socket.isQuiet, false);
    socket.stoppedReceiving();
    assert.equal(socket.isQuiet, true);
    socket.running = 1;
    assert.equal(socket.isQuiet, false);
  });

  it('is gone with the worker, and so is what runs', () => {
    const { socket, news } = socketAndNews(true);
    socket.running = 3;
    socket.stopReceiving(false);
    socket.lost();
    assert.deepEqual([socket.isOpen, socket.running, socket.isQuiet], [false, 0, true]);
    assert.deepEqual(news, ['stop-receiving']);
  });
});
