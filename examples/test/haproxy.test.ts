import assert from 'node:assert/strict';
import { it } from 'node:test';
import { needs } from '../../packages/socketserver/test/interop/program.ts';
import { RunningProgram } from './running-program.ts';

/** A longer run: `HAPROXY_SECONDS=30`. */
const seconds = process.env['HAPROXY_SECONDS'] ?? '8';

it('servers behind HAProxy restart in turn under load: no request fails', needs('haproxy'), async () => {
  await using program = RunningProgram.example('haproxy.ts', [seconds]);
  const { code, stdout, stderr } = await program.ended();
  assert.equal(code, 0, stdout + stderr);
  const summary = /^(\d+) requests \((\d+) by one, (\d+) by two\), (\d+) restarts, 0 failures\n$/.exec(
    stdout,
  );
  assert.ok(summary, stdout);
  const [requests, byOne, byTwo, restarts] = summary.slice(1).map(Number) as [number, number, number, number];
  assert.equal(byOne + byTwo, requests);
  assert.ok(byOne > 0 && byTwo > 0);
  assert.ok(restarts >= 2);
});
