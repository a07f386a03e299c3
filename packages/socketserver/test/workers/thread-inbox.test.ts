import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Connection, CrossingNotes } from '../../src/engine/contract/connection.ts';
import type { Engine } from '../../src/engine/contract/engine.ts';
import type { ToWorker } from '../../src/workers/messages/to-worker.ts';
import type { RequestService } from '../../src/workers/request-service.ts';
import { ThreadInbox } from '../../src/workers/thread-inbox.ts';

/** An inbox whose crossing the test is, and what it gives to its service. */
function inbox({ crossing }: { readonly crossing: number | undefined } = { crossing: 7 }) {
  const given: unknown[] = [];
  const onTheWay: CrossingNotes[] = [];
  const connection = {} as Connection;
  let arrived: (connection: Connection, notes: CrossingNotes) => void = () =>
    assert.fail('nobody has joined');
  const engine = {
    joinCrossing(number: number, callback: typeof arrived) {
      assert.equal(number, crossing);
      arrived = callback;
      return { receive: () => onTheWay.splice(0).forEach((notes) => callback(connection, notes)) };
    },
  } as unknown as Engine;
  const service = {
    engine,
    received: (message: ToWorker) => given.push(message.type),
    serve: (_: Connection, { id }: CrossingNotes) => given.push(id),
  } as unknown as RequestService;
  const arrive = (id: number, after: number) => arrived(connection, { id, requestId: id, after });
  const send = (id: number, after: number) => onTheWay.push({ id, requestId: id, after });
  return { inbox: new ThreadInbox(service, crossing), given, arrive, send };
}

describe('the inbox of a thread', () => {
  it('has what came by the crossing served at once, where no message is missing', () => {
    const { given, arrive } = inbox();
    arrive(1, 0);
    arrive(2, 0);
    assert.deepEqual(given, [1, 2]);
  });

  it('gives what was sent before a message before it', () => {
    const { inbox: thread, given, send } = inbox();
    send(1, 0);
    thread.posted([{ type: 'interrupt', id: 1, drainMs: 0 }]);
    assert.deepEqual(given, [1, 'interrupt']);
  });

  it('keeps what was sent after a message until that has come', () => {
    const { inbox: thread, given, arrive } = inbox();
    arrive(1, 1);
    arrive(2, 2);
    assert.deepEqual(given, []);
    thread.posted([{ type: 'ping' }]);
    assert.deepEqual(given, ['ping', 1]);
    thread.posted([{ type: 'ping' }, { type: 'ping' }]);
    assert.deepEqual(given, ['ping', 1, 'ping', 'ping', 2]);
  });

  it('takes messages alone where there is no crossing', () => {
    const { inbox: thread, given } = inbox({ crossing: undefined });
    thread.posted([{ type: 'ping' }]);
    assert.deepEqual(given, ['ping']);
  });
});
