import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { describe, it } from 'node:test';
import {
  type EventListeners,
  observe,
  ThreadingTCPServer,
  type WorkerStartedEvent,
} from '../../src/index.ts';
import { eventChannels } from '../../src/diagnostics/event-map.ts';
import { serving } from '../support/serving.ts';
import { TellStreamId } from '../workers/handlers/request-ids.ts';

describe('observe()', () => {
  it('calls a listener for what is published on its channel, until it is disposed of', () => {
    const seen: unknown[] = [];
    const blocked = channel('socketserver:worker:blocked');
    {
      using _ = observe({ 'socketserver:worker:blocked': (event) => seen.push(event) });
      blocked.publish('first');
    }
    blocked.publish('second');
    assert.deepEqual(seen, ['first']);
    assert.equal(blocked.hasSubscribers, false);
  });

  it('lets the same listener be given twice, each ending by itself', () => {
    let calls = 0;
    const listeners: EventListeners = { 'socketserver:worker:blocked': () => (calls += 1) };
    const first = observe(listeners);
    const second = observe(listeners);
    first[Symbol.dispose]();
    channel('socketserver:worker:blocked').publish({});
    second[Symbol.dispose]();
    assert.equal(calls, 1);
  });

  it('refuses a name that no event has, and listens to nothing then', () => {
    const misspelt = { 'socketserver:worker:lost': () => {}, 'socketserver:worker:lots': () => {} };
    assert.throws(
      () => observe(misspelt),
      /^TypeError: Cannot observe: listeners must have names of events \(.*\), got 'socketserver:worker:lots'$/,
    );
    assert.equal(channel('socketserver:worker:lost').hasSubscribers, false);
  });

  it('refuses a listener that is no function', () => {
    const listeners = { 'socketserver:worker:lost': 'log' } as unknown as EventListeners;
    assert.throws(
      () => observe(listeners),
      /^TypeError: Cannot observe: listeners\['socketserver:worker:lost'\] must be a function, got string$/,
    );
  });

  it('leaves out a listener that is undefined', () => {
    using _ = observe({ 'socketserver:worker:lost': undefined });
    assert.equal(channel('socketserver:worker:lost').hasSubscribers, false);
  });
});

describe('the events', () => {
  it('are on channels of the names that the types say', () => {
    for (const [name, { name: channelName }] of Object.entries(eventChannels))
      assert.equal(channelName, name);
  });

  it('name the server with its real port, also where it was bound later', async () => {
    const started = Promise.withResolvers<WorkerStartedEvent>();
    using _ = observe({ 'socketserver:worker:started': started.resolve });
    const server = new ThreadingTCPServer(['127.0.0.1', 0], TellStreamId, { bindAndActivate: false });
    server.serverBind();
    server.serverActivate();
    await using _serving = serving(server);
    const event = await started.promise;
    assert.deepEqual(event, {
      serverAddress: server.serverAddress,
      kind: 'thread',
      worker: server.stats().workers[0]?.id,
    });
  });
});
