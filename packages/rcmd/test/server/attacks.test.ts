import assert from 'node:assert/strict';
import { connect as connectTCP, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { connect } from '../../src/client/index.ts';
import { loadIdentity } from '../../src/trust/identity.ts';
import { openInBrowser } from '../support/browser.ts';
import { temporaryFolder } from '../support/commands.ts';
import { needs } from '../support/needs.ts';
import { portModels } from '../support/port-models.ts';
import { run } from '../support/programs.ts';
import type { ConcurrencyModel } from '../../src/server/listeners.ts';
import { runOverTLS, startServer, type TestServer } from '../support/servers.ts';

/** A server on a port and on a Unix socket. */
async function startBoth(
  model: ConcurrencyModel,
): Promise<TestServer & { readonly host: string; readonly port: number; path: string }> {
  const started = await startServer({ model, listen: (socket) => ['127.0.0.1:0', `unix:${socket}`] });
  const [tls = '', unix = ''] = started.server.addresses;
  const [host = '', port] = tls.split(':');
  return { ...started, host, port: Number(port), path: unix.slice('unix:'.length) };
}

/** Nothing was run, and each attempt is on record. @returns why so many clients were turned away. */
async function reasonsFor(started: TestServer, count: number): Promise<string[]> {
  const reasons = await started.refusals(count);
  assert.equal(
    started.events.some(({ type }) => type === 'command-started'),
    false,
  );
  return reasons;
}

const command = 'id; curl --help\n';

for (const model of portModels) {
  describe(`what other programs get from a ${model} server`, () => {
    it('curl: an answer that says no, in every way it can ask', needs('curl'), async () => {
      await using started = await startBoth(model);
      const { host, port, path } = started;
      const post = ['--silent', '--show-error', '--max-time', '100', '--data', command, '--include'];
      const plain = await run('curl', [...post, `http://${host}:${port}/`]);
      assert.match(plain, /^HTTP\/1\.1 400 /);
      const local = await run('curl', [...post, '--unix-socket', path, 'http://localhost/']);
      assert.match(local, /^HTTP\/1\.1 400 /);
      const tls = ['--insecure', `https://${host}:${port}/`];
      assert.match(await run('curl', [...post, '--no-alpn', ...tls]), /^HTTP\/1\.1 400 /);
      assert.match(await run('curl', [...post, ...tls]), /curl: \(\d+\).*alert/i);
      assert.match(
        await run('curl', [...post, '--insecure', '--unix-socket', path, 'https://localhost/']),
        /curl: \(\d+\)/,
      );
      const reasons = await reasonsFor(started, 5);
      assert.deepEqual(
        [reasons.filter((reason) => reason === 'it speaks HTTP').length, reasons.length],
        [3, 5],
        reasons.join('\n'),
      );
    });

    it('nc: a line, and the end', needs('nc'), async () => {
      await using started = await startBoth(model);
      const { host, port, path } = started;
      const answer = 'This server speaks rcmd only.\r\n';
      assert.equal(await run('nc', ['-w', 60, host, port], { input: command }), answer);
      assert.equal(await run('nc', ['-w', 60, '-U', path], { input: command }), answer);
      assert.deepEqual(await reasonsFor(started, 2), ['it speaks text', 'it speaks text']);
    });

    it('openssl: no handshake before TLS 1.3, and nothing without a key', needs('openssl'), async () => {
      await using started = await startBoth(model);
      const { host, port } = started;
      const client = ['s_client', '-quiet', '-ign_eof', '-connect', `${host}:${port}`];
      assert.match(
        await run('openssl', [...client, '-tls1_2'], { input: command }),
        /alert protocol version/,
      );
      const silent = await run('openssl', [...client, '-alpn', 'rcmd/1'], { input: command });
      assert.match(silent, /you may not come in: it showed no key/);
      await run('openssl', client, { input: command });
      const reasons = await reasonsFor(started, 3);
      assert.equal(reasons.length, 3, reasons.join('\n'));
      // Workers tell of them, each by a way of its own.
      const known = reasons.filter((reason) => ['it showed no key', 'it speaks text'].includes(reason));
      assert.deepEqual(known.toSorted(), ['it showed no key', 'it speaks text']);
    });

    it('redis-cli: an error of its own kind', needs('redis-cli'), async () => {
      await using started = await startBoth(model);
      const { host, port, path } = started;
      assert.match(await run('redis-cli', ['-h', host, '-p', port, 'ping']), /this is no Redis server/);
      assert.match(await run('redis-cli', ['-s', path, 'ping']), /this is no Redis server/);
      assert.deepEqual(await reasonsFor(started, 2), [
        'it speaks the Redis protocol',
        'it speaks the Redis protocol',
      ]);
    });

    it('a page of another origin in a browser: nothing', needs('chromium'), async () => {
      await using started = await startBoth(model);
      const target = `${started.host}:${started.port}`;
      const page = `<body><script>
      const attempts = [
        fetch('http://${target}/', { method: 'POST', mode: 'no-cors', body: 'id\\n' }),
        fetch('https://${target}/', { method: 'POST', mode: 'no-cors', body: 'id\\n' }),
        new Promise((resolve, reject) => {
          const socket = new WebSocket('ws://${target}/');
          socket.onopen = resolve;
          socket.onerror = () => reject(new Error('websocket'));
        }),
      ];
      Promise.allSettled(attempts).then((ends) => {
        const form = Object.assign(document.createElement('form'), {
          action: 'http://${target}/', method: 'POST', enctype: 'text/plain', target: 'frame',
        });
        form.innerHTML = '<input name="id;" value="id">';
        document.body.append(form);
        form.submit();
        const body = ends.map(({ status, value }) => status + ' ' + (value?.type ?? '')).join(', ');
        return fetch('/ends', { method: 'POST', body });
      });
    </script><iframe name="frame"></iframe>`;
      await using browser = await openInBrowser(page);
      assert.match(await browser.ends, /^(fulfilled opaque|rejected ), rejected , rejected $/);
      let reasons = await reasonsFor(started, 4);
      const areHTTP = (): string[] => reasons.filter((reason) => reason === 'it speaks HTTP');
      // A browser also connects in advance, and asks again after a handshake that failed.
      while (areHTTP().length < 3) reasons = await reasonsFor(started, reasons.length + 1);
    });
  });
}

describe('a name of somebody else’s that stands for this machine, as after DNS rebinding', () => {
  const startAll = (): Promise<TestServer> =>
    startServer({ listen: '127.0.0.1:0', classic: { insecure: true, listen: '127.0.0.1:0' } });

  it(
    'curl: the same answer as under any name, with and without TLS, and on the classic listener',
    needs('curl'),
    async () => {
      await using started = await startAll();
      const post = ['--silent', '--show-error', '--max-time', '100', '--data', command, '--include'];
      for (const address of started.server.addresses) {
        const port = address.split(':')[1]!;
        const rebound = ['--resolve', `evil.example:${port}:127.0.0.1`, `http://evil.example:${port}/`];
        assert.match(await run('curl', [...post, ...rebound]), /^HTTP\/1\.1 400 /);
      }
      for (const reason of await reasonsFor(started, 2)) assert.equal(reason, 'it speaks HTTP');
    },
  );

  it('a page under that name in a browser: nothing', needs('chromium'), async () => {
    await using started = await startAll();
    const ports = started.server.addresses.map((address) => address.split(':')[1]);
    const page = `<script>
      const ask = (port) =>
        fetch('http://evil.example:' + port + '/', { method: 'POST', mode: 'no-cors', body: 'id\\n' });
      Promise.allSettled(${JSON.stringify(ports)}.map(ask)).then((ends) => {
        const body = ends.map(({ status, value }) => status + ' ' + (value?.type ?? '')).join(', ');
        return fetch('/ends', { method: 'POST', body });
      });
    </script>`;
    await using browser = await openInBrowser(page, 'evil.example');
    assert.match(await browser.ends, /^((fulfilled opaque|rejected )(, |$)){2}/);
    let reasons = await reasonsFor(started, 2);
    const areHTTP = (): string[] => reasons.filter((reason) => reason === 'it speaks HTTP');
    // A browser also connects in advance.
    while (areHTTP().length < 2) reasons = await reasonsFor(started, reasons.length + 1);
  });
});

/** Waits for the end of a connection, however it comes. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
}

function untilConnectedOrClosed(socket: Socket): Promise<unknown> {
  return Promise.race([closed(socket), new Promise((resolve) => socket.once('connect', resolve))]);
}

for (const model of portModels) {
  describe(`before a client of a ${model} server has said who it is`, () => {
    const silentClients = Number(process.env['RCMD_SILENT_CLIENTS'] ?? 300);

    it(`is let in beside ${silentClients} others that say nothing`, async () => {
      await using started = await startServer({
        model,
        listen: '127.0.0.1:0',
        admission: { maxHalfOpen: 50 },
      });
      const [address = ''] = started.server.addresses;
      const [host, port] = address.split(':');
      const silent = Array.from({ length: silentClients }, () => connectTCP(Number(port), host));
      await Promise.all(silent.map((socket) => untilConnectedOrClosed(socket)));
      const identity = await loadIdentity(started.paths.config);
      assert.equal((await runOverTLS(address, identity)).at(-1)?.type, 'exit');
      assert.ok(started.server.refusedClients >= silentClients - 50);
      for (const socket of silent) socket.destroy();
    });

    it('has so much time, and so many bytes', async () => {
      for (const [begin, ms, reason] of [
        ['', 100, /did not say who it is within 100 ms/],
        ['\x16\x03', 100, /did not say who it is within 100 ms/],
        // Long enough for a worker to start.
        ['\x16\x03\x01\x40\x00\x01\x00\x3f\xfc', 60_000, /does not begin with a ClientHello/],
      ] as const) {
        const admission = { authenticationMs: ms };
        await using started = await startServer({ model, listen: '127.0.0.1:0', admission });
        const [host, port] = started.server.addresses[0]!.split(':');
        const socket = connectTCP(Number(port), host);
        socket.resume().write(Buffer.from(begin, 'latin1'));
        await closed(socket);
        assert.match((await reasonsFor(started, 1)).at(-1)!, reason);
      }
    });

    it('is kept out for a while where its address has brought trouble', async () => {
      await using started = await startServer({ model, listen: '127.0.0.1:0', admission: { exempt: [] } });
      const [address = ''] = started.server.addresses;
      const [host, port] = address.split(':');
      for (let count = 0; count < 5; count += 1) {
        const socket = connectTCP(Number(port), host);
        socket.resume().end('GET / HTTP/1.1\r\n\r\n');
        await closed(socket);
        await started.refusals(count + 1); // a worker tells of it after the client has seen it
      }
      const faults = started.events.map((event) => event.type === 'connection-refused' && event.fault);
      assert.deepEqual(faults.filter(Boolean), ['protocol', 'protocol', 'protocol', 'protocol', 'penalty']);
    });

    it('may leave when it does not know our key, and come again', async () => {
      await using started = await startServer({ model, listen: '127.0.0.1:0', admission: { exempt: [] } });
      const [address = ''] = started.server.addresses;
      using folder = temporaryFolder();
      const other = { configFolder: folder.path };
      for (let count = 0; count < 5; count += 1) {
        await assert.rejects(connect(address, other), { code: 'HOST_KEY_UNKNOWN' });
      }
      await started.refusals(5);
      const faults = started.events.map((event) => event.type === 'connection-refused' && event.fault);
      assert.deepEqual(faults.filter(Boolean), ['gone', 'gone', 'gone', 'gone', 'gone']);
      await using _ = await connect(address, { configFolder: started.paths.config });
    });
  });
}
