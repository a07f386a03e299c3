import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventChannels } from '../../src/diagnostics/event-map.ts';
import { documentedEvents } from '../support/documented-events.ts';

it('docs/observation.md lists every event, and no other', () => {
  assert.deepEqual([...documentedEvents().keys()].toSorted(), Object.keys(eventChannels).toSorted());
});
