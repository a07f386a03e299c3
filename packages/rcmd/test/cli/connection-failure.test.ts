import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { explainFailure } from '../../src/cli/connection-failure.ts';
import { parseTarget } from '../../src/client/target.ts';
import { closedPort } from '../../../socketserver/test/support/closed-port.ts';
import { Machine } from '../support/machine.ts';
import { Served } from '../support/served.ts';

let served: Served;
before(async () => {
  served = await Served.start(['--listen', '127.0.0.1:0']);
});
after(() => served[Symbol.asyncDispose]());

/** A server that answers everybody with the same, or closes the connection. */
async function otherServer(answer: string): Promise<Server & { readonly port: number }> {
  const server = createServer((socket) =>
    socket.on('error', () => {}).once('data', () => socket.end(answer)),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

/** What `rcmd exec` says. */
async function saidAbout(machine: Machine, host: string): Promise<string> {
  const { code, stderr, stdout } = await machine.run([
    'exec',
    '--host-keys',
    'accept-new',
    host,
    '--',
    'true',
  ]);
  assert.deepEqual([code, stdout], [125, '']);
  assert.match(stderr, /^rcmd: [^\n]+\n$/);
  return stderr.slice('rcmd: '.length, -1);
}

describe('a server that cannot be reached', () => {
  it('is told of with what to do', async () => {
    const { machine } = served;
    using gone = closedPort();
    assert.equal(
      await saidAbout(machine, `127.0.0.1:${gone.port}`),
      `Nothing listens on 127.0.0.1:${gone.port}: is rcmd serve running there, on that port?`,
    );
    const socket = machine.file('none.sock');
    assert.equal(
      await saidAbout(machine, `unix:${socket}`),
      `There is no socket ${socket}: is rcmd serve --listen unix:${socket} running?`,
    );
    await using http = await otherServer('HTTP/1.1 400 Bad Request\r\n\r\n');
    assert.match(
      await saidAbout(machine, `127.0.0.1:${http.port}`),
      /^127\.0\.0\.1:\d+ is no server of rcmd, .*: is it the right port\? \(The TLS handshake failed: .+\)$/,
    );
    await using closing = await otherServer('');
    assert.match(
      await saidAbout(machine, `127.0.0.1:${closing.port}`),
      /^127\.0\.0\.1:\d+ closed the connection at once: .*its log says so$/,
    );
  });

  it('is told of by the code of its error in JSON', async () => {
    const { code, stdout } = await served.machine.run([
      'exec',
      '--json',
      'unix:/nonexistent/s',
      '--',
      'true',
    ]);
    const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
    assert.deepEqual([code, error.code], [125, 'ENOENT']);
    assert.match(error.message, /^There is no socket \/nonexistent\/s/);
  });

  it('because it does not let us in, is told of with the way in', async () => {
    using machine = new Machine();
    assert.match(
      await saidAbout(machine, served.host),
      /^127\.0\.0\.1:\d+ does not let you in: the key SHA256:\S+ is not in authorized_keys; on that machine: rcmd authorize KEY, with what rcmd key says here$/,
    );
  });

  it('is told of in the words of where it is, and with a way in only where there is that one', () => {
    const said = (address: string, error: object): string => {
      const target = { name: address, address, place: parseTarget(address), hostKeys: 'strict' } as const;
      return (explainFailure(Object.assign(new Error('No answer'), error), target) as Error).message;
    };
    assert.equal(
      said('unix:/run/s', { code: 'ECONNREFUSED' }),
      'Nothing listens on unix:/run/s: is rcmd serve --listen unix:/run/s running?',
    );
    assert.equal(
      said('unix:/run/s', { code: 'CONNECT_TIMEOUT' }),
      'No answer: does the server there still answer others?',
    );
    assert.match(said('lab', { code: 'CONNECT_TIMEOUT' }), /^No answer: .* port, and no firewall between\?$/);
    const denied = (reason: string): string =>
      said('lab', { goAway: { code: 'DENIED', message: `you may not come in: ${reason}` } });
    assert.match(
      denied('the key SHA256:x is not in authorized_keys'),
      /; on that machine: rcmd authorize KEY/,
    );
    for (const reason of [
      'the server cannot read authorized_keys',
      'the key SHA256:x has expired',
      'the key SHA256:x may not come from there',
    ]) {
      assert.ok(denied(reason).endsWith(`does not let you in: ${reason}`), denied(reason));
    }
  });

  it('because the configuration names another key, is told of with the place of that', async () => {
    using machine = new Machine();
    mkdirSync(machine.file('.config/rcmd'), { recursive: true, mode: 0o700 });
    const file = machine.file('.config/rcmd/config.json');
    const lab = { address: served.host, fingerprint: `SHA256:${'A'.repeat(43)}` };
    writeFileSync(file, JSON.stringify({ targets: { lab } }));
    const said = await saidAbout(machine, 'lab');
    assert.match(
      said,
      /^THE KEY OF 127\.0\.0\.1:\d+ HAS CHANGED: .* name that one: targets\.lab\.fingerprint in /,
    );
    assert.ok(said.endsWith(file), said);
  });

  it('because its name means nothing, is told of with both kinds of names', () => {
    const explained = (code: string, name: string): string => {
      const error = Object.assign(new Error(`getaddrinfo ${code} lob`), { code, hostname: 'lob' });
      const target = { name, address: 'lob', place: parseTarget('lob'), hostKeys: 'strict' } as const;
      return (explainFailure(error, target) as Error).message;
    };
    assert.match(
      explained('ENOTFOUND', 'lob'),
      /^There is no host lob, and no target of that name in \/.*\.json$/,
    );
    assert.equal(explained('ENOTFOUND', 'lab1'), 'There is no host lob');
    assert.match(
      explained('EAI_AGAIN', 'lab1'),
      /^The host lob cannot be looked up, since no name server answers$/,
    );
  });
});

it('what a server does not do for us is no lost connection', async () => {
  using machine = new Machine();
  const { stdout } = await machine.run(['key', '--json']);
  const { fingerprint } = JSON.parse(stdout) as { fingerprint: string };
  await served.machine.run(['authorize', fingerprint, '--no-shell']);
  const { code, stderr } = await machine.run(['status', '--host-keys', 'accept-new', served.host]);
  assert.deepEqual([code, stderr], [125, 'rcmd: you may not ask for the status of this server\n']);
});
