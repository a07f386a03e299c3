/** `docs/from-python.md` says all and says it right. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  DatagramRequestHandler,
  ForkingTCPServer,
  StreamRequestHandler,
  TCPServer,
  ThreadingTCPServer,
  UDPServer,
} from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { askOverStream, askOverUDP } from './clients.ts';
import { EchoLine, EchoPacketLine } from './handlers.ts';
import { pythonClasses, pythonHandlerMembers, pythonServerMembers } from './python-names.ts';

const loopback = ['127.0.0.1', 0] as const;
const page = readFileSync(new URL('../../../../docs/from-python.md', import.meta.url), 'utf8');

/** The cells of each row of the page's tables. */
const rows = page
  .split('\n')
  .filter((line) => /^\| [^-]/.test(line))
  .map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .slice(1, -1),
  );

/** The names in the code of a cell, without their arguments and values. */
const names = (cell = ''): string[] =>
  [...cell.matchAll(/`([^`]*)`/g)].flatMap(([, code = '']) => code.match(/\w+/g) ?? []);

const camelCase = (name: string): string =>
  name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The page's rows for a name, in one section. */
function rowsOf(name: string, heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return rows.filter((row) => section.includes(`| ${row[0]} `) && names(row[0]).includes(name));
}

describe('the page for Python programmers', () => {
  it('has a row for every class', () => {
    for (const name of pythonClasses) {
      const [row, ...others] = rowsOf(name, 'Classes');
      assert.ok(names(row?.[1]).includes(name), name);
      assert.deepEqual(others, [], name);
    }
  });

  it('has a row for every member of a server, whose name here exists', async () => {
    const others = { bind_and_activate: 'bindAndActivate', poll_interval: 'serviceIntervalMs' };
    const options = { bindAndActivate: false };
    await using threading = new ThreadingTCPServer(loopback, EchoLine, options);
    await using forking = new ForkingTCPServer(loopback, EchoLine, options);
    await using udp = new UDPServer(loopback, EchoPacketLine, options);
    const places = [threading, ThreadingTCPServer, forking, ForkingTCPServer, udp, UDPServer];
    for (const python of pythonServerMembers) {
      const [row = []] = rowsOf(python, 'Servers');
      const [, ours = ''] = row;
      const here = python === 'process_request_thread' ? 'runRequest' : camelCase(python);
      if (ours === 'none') continue;
      if (python in others) assert.ok(names(ours).includes(others[python as keyof typeof others]), python);
      else {
        assert.ok(names(ours).includes(here), `${python}: ${ours}`);
        assert.ok(
          places.some((place) => here in place),
          here,
        );
      }
    }
  });

  it('has a row for every member of a handler, whose name here exists', async () => {
    const found = new Set<string>();
    const lookAt = (handler: object) => {
      for (const python of pythonHandlerMembers) {
        const here = camelCase(python);
        if (here in handler || here in handler.constructor) found.add(python);
      }
    };
    class LookingAtStream extends StreamRequestHandler {
      override handle() {
        lookAt(this);
      }
    }
    class LookingAtPacket extends DatagramRequestHandler {
      override handle() {
        lookAt(this);
        this.wfile.write('done');
      }
    }
    await using tcp = new TCPServer(loopback, LookingAtStream);
    await using _ = serving(tcp);
    await askOverStream(tcp.serverAddress, '');
    await using udp = new UDPServer(loopback, LookingAtPacket);
    await using __ = serving(udp);
    await askOverUDP(udp.serverAddress, 'look');
    for (const python of pythonHandlerMembers) {
      const [row = []] = rowsOf(python, 'Handlers');
      assert.ok(names(row[1]).includes(camelCase(python)), python);
      assert.ok(found.has(python), python);
    }
  });

  it('says of each point, S1 to S25, what its test says: the same, or differs, with a reason', () => {
    const tests = readdirSync(import.meta.dirname)
      .filter((file) => file.startsWith('points-'))
      .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
      .join('\n');
    for (let number = 1; number <= 25; number += 1) {
      const point = `S${number}`;
      const row = rows.find(([first]) => first === point);
      assert.ok(row !== undefined, `${point} has a row`);
      const [, , ours = '', reason = ''] = row;
      const title = new RegExp(`'${point}( differs)?: `).exec(tests);
      assert.ok(title !== null, `${point} has a test`);
      const differs = title[1] !== undefined;
      assert.ok(ours.startsWith(differs ? 'differs: ' : 'the same'), `${point}: ${ours}`);
      if (differs) assert.notEqual(reason, '', `${point} has a reason`);
    }
  });
});
