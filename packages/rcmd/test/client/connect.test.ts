import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer as createTCPServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createServer as createTLSServer } from 'node:tls';
import { connect, HostKeyError, type HostKeyFacts, type HostKeyPolicy } from '../../src/client/index.ts';
import { identityFile, loadIdentity } from '../../src/trust/identity.ts';
import { knownHostsFile } from '../../src/trust/known-hosts.ts';
import { closedPort } from '../../../socketserver/test/support/closed-port.ts';
import { temporaryFolder } from '../support/commands.ts';
import { startServer, type TestServer } from '../support/servers.ts';

/** A server on TCP, and the folder of a client that it lets in though its key is another one. */
async function strangers(): Promise<
  AsyncDisposable & { server: TestServer; configFolder: string; address: string; fingerprint: string }
> {
  const folder = temporaryFolder();
  const configFolder = join(folder.path, 'client');
  const { fingerprint } = await loadIdentity(configFolder);
  const server = await startServer({ listen: '127.0.0.1:0' });
  writeFileSync(join(server.paths.config, 'authorized_keys'), `${fingerprint} client\n`, { mode: 0o600 });
  return {
    server,
    configFolder,
    address: server.server.addresses[0]!,
    fingerprint: server.server.fingerprint,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function refusalOf(connecting: Promise<unknown>): Promise<HostKeyError> {
  return connecting.then(
    () => assert.fail('the server was trusted'),
    (error: unknown) => {
      assert.ok(error instanceof HostKeyError, String(error));
      return error;
    },
  );
}

describe('connect() over TLS', () => {
  it('trusts the server of the same user without any set-up', async () => {
    await using served = await startServer({ listen: '127.0.0.1:0' });
    const configFolder = served.paths.config;
    await using client = await connect(served.server.addresses[0]!, { configFolder });
    assert.equal((await client.exec('echo', ['hello'])).stdout, 'hello');
    assert.match(client.server, /^rcmd\//);
    assert.equal(client.target, served.server.addresses[0]);
    assert.ok((await client.ping()) > 0);
    const { pid, you } = await client.status();
    assert.equal(pid, process.pid);
    assert.ok(you !== '');
    assert.ok(!existsSync(knownHostsFile(configFolder)));
  });

  it('trusts nobody else by default, and says what to do', async () => {
    await using stage = await strangers();
    const { address, configFolder, fingerprint } = stage;
    const error = await refusalOf(connect(address, { configFolder }));
    assert.deepEqual(
      [error.code, error.address, error.fingerprint, error.known],
      ['HOST_KEY_UNKNOWN', address, fingerprint, undefined],
    );
    assert.match(error.message, new RegExp(`rcmd trust ${address}`));
    assert.ok(!existsSync(knownHostsFile(configFolder)));
  });

  it('trusts what known_hosts has, which accept-new writes', async () => {
    await using stage = await strangers();
    const { address, configFolder, fingerprint } = stage;
    await (await connect(address, { configFolder, hostKeys: 'accept-new' })).close();
    assert.equal(readFileSync(knownHostsFile(configFolder), 'utf8'), `${address} ${fingerprint}\n`);
    await using client = await connect(address, { configFolder });
    assert.equal((await client.exec('echo', ['known'])).stdout, 'known');
  });

  it('refuses a key that has changed, whatever the policy for new ones', async () => {
    await using stage = await strangers();
    const { address, configFolder, fingerprint } = stage;
    const known = `SHA256:${'A'.repeat(43)}`;
    writeFileSync(knownHostsFile(configFolder), `# mine\n${address} ${known}\n`);
    const policies: HostKeyPolicy[] = ['strict', 'accept-new', () => assert.fail('nobody is to be asked')];
    for (const hostKeys of policies) {
      const error = await refusalOf(connect(address, { configFolder, hostKeys }));
      assert.deepEqual(
        [error.code, error.known, error.fingerprint],
        ['HOST_KEY_CHANGED', known, fingerprint],
      );
      assert.match(error.message, /HAS CHANGED.*line 2 of known_hosts/);
    }
    assert.equal(readFileSync(knownHostsFile(configFolder), 'utf8'), `# mine\n${address} ${known}\n`);
  });

  it('asks, however long the answer takes, and remembers it', async () => {
    await using stage = await strangers();
    const { address, configFolder, fingerprint } = stage;
    const asked: HostKeyFacts[] = [];
    const no = (facts: HostKeyFacts): boolean => (asked.push(facts), false);
    const error = await refusalOf(connect(address, { configFolder, hostKeys: no }));
    assert.deepEqual([error.code, asked], ['HOST_KEY_REFUSED', [{ address, fingerprint }]]);
    assert.ok(!existsSync(knownHostsFile(configFolder)));
    const hostKeys = (): Promise<boolean> => Promise.resolve(true);
    await (await connect(address, { configFolder, hostKeys })).close();
    await (await connect(address, { configFolder })).close();
  });

  it('trusts a pinned key, and no other', async () => {
    await using stage = await strangers();
    const { address, configFolder, fingerprint } = stage;
    const pinned = { configFolder, hostKeys: fingerprint as HostKeyPolicy };
    await (await connect(address, pinned)).close();
    assert.ok(!existsSync(knownHostsFile(configFolder)));
    const other: HostKeyPolicy = `SHA256:${'B'.repeat(43)}`;
    const error = await refusalOf(connect(address, { configFolder, hostKeys: other }));
    assert.deepEqual([error.code, error.known], ['HOST_KEY_CHANGED', other]);
  });

  it('shows the identity that it is given; a server that does not know that says so', async () => {
    await using stage = await strangers();
    const { address, configFolder, fingerprint } = stage;
    const hostKeys = fingerprint as HostKeyPolicy;
    const elsewhere = join(configFolder, 'elsewhere');
    const other = await loadIdentity(elsewhere);
    await assert.rejects(
      connect(address, { hostKeys, configFolder: elsewhere }),
      (error: { code: string; goAway: { code: string } }) =>
        error.code === 'CONNECTION_LOST' && error.goAway.code === 'DENIED',
    );
    const own = await loadIdentity(configFolder);
    await (await connect(address, { hostKeys, configFolder: elsewhere, identity: own })).close();
    const file = identityFile(configFolder);
    await (await connect(address, { hostKeys, configFolder: elsewhere, identity: file })).close();
    await assert.rejects(connect(address, { hostKeys, identity: other }), { code: 'CONNECTION_LOST' });
    const missing = connect(address, { hostKeys, identity: join(configFolder, 'missing.pem') });
    await assert.rejects(missing, { code: 'BAD_IDENTITY' });
  });

  it('speaks nothing older than TLS 1.3, whatever the server would', async () => {
    using folder = temporaryFolder();
    const { cert, key } = await loadIdentity(folder.path);
    const server = createTLSServer({ cert, key, maxVersion: 'TLSv1.2', ALPNProtocols: ['rcmd/1'] });
    const offered = new Promise<string>((resolve) =>
      server.once('tlsClientError', ({ message }) => resolve(message)),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await assert.rejects(
      connect({ host: '127.0.0.1', port }, { configFolder: folder.path }),
      /protocol version/,
    );
    assert.match(await offered, /unsupported protocol/);
    server.close();
  });

  it('fails as the system says, or TLS', async () => {
    await using folder = asyncFolder();
    const configFolder = folder.path;
    await using silent = await listen(() => {});
    const { port } = silent.address() as { port: number };
    const target = `127.0.0.1:${port}`;
    await assert.rejects(connect(target, { configFolder, connectTimeout: 50 }), { code: 'CONNECT_TIMEOUT' });
    const gone = AbortSignal.timeout(50);
    await assert.rejects(connect(target, { configFolder, signal: gone }), { name: 'TimeoutError' });
    await assert.rejects(
      connect(target, { configFolder, signal: AbortSignal.abort('no') }),
      (reason) => reason === 'no',
    );
    await using other = await listen((socket) => socket.end('220 mail.example ESMTP\r\n'));
    const otherPort = (other.address() as { port: number }).port;
    await assert.rejects(connect({ host: '127.0.0.1', port: otherPort }, { configFolder }), {
      code: 'TLS_HANDSHAKE',
    });
    using closed = closedPort();
    await assert.rejects(connect({ host: '127.0.0.1', port: closed.port }, { configFolder }), {
      code: 'ECONNREFUSED',
    });
  });

  it('refuses options that make no sense', async () => {
    const wrong: object[] = [
      { hostKeys: 'no' },
      { hostKeys: 'SHA256:short' },
      { connectTimeout: 0 },
      { rejectUnauthorized: false },
      { identity: 7 },
    ];
    for (const options of wrong) await assert.rejects(connect('127.0.0.1', options), TypeError);
  });
});

describe('connect() over a Unix socket', () => {
  it('needs no keys', async () => {
    await using served = await startServer();
    await using folder = asyncFolder();
    await using client = await connect(served.server.addresses[0]!, { configFolder: folder.path });
    assert.equal((await client.exec('echo', ['hello'])).stdout, 'hello');
    assert.ok(!existsSync(identityFile(folder.path)));
  });

  it('refuses a folder in which others could have put the socket', async () => {
    await using folder = asyncFolder();
    const open = join(folder.path, 'open');
    mkdirSync(open);
    const path = join(open, 'socket');
    await using server = await listen(() => {}, path);
    chmodSync(open, 0o777);
    await assert.rejects(connect({ path }), { code: 'UNSAFE_PATH' });
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    await assert.rejects(connect({ path: file }), { code: 'UNSAFE_PATH' });
    await assert.rejects(connect({ path: join(folder.path, 'none') }), { code: 'ENOENT' });
    assert.ok(server.listening);
  });

  it('gives up where nobody answers, or another protocol is spoken', async () => {
    await using folder = asyncFolder();
    const silent = join(folder.path, 'silent');
    await using _server = await listen(() => {}, silent);
    await assert.rejects(connect({ path: silent }, { connectTimeout: 50 }), { code: 'CONNECT_TIMEOUT' });
    const other = join(folder.path, 'other');
    await using _other = await listen((socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'), other);
    await assert.rejects(connect({ path: other }), { code: 'PROTOCOL' });
  });
});

function asyncFolder(): AsyncDisposable & { readonly path: string } {
  const folder = temporaryFolder();
  return { path: folder.path, [Symbol.asyncDispose]: async () => folder[Symbol.dispose]() };
}

/** A server of another kind. Its connections go with their clients. */
async function listen(answer: (socket: import('node:net').Socket) => void, path?: string): Promise<Server> {
  const server = createTCPServer((socket) => {
    socket.on('error', () => {}).resume();
    answer(socket);
  });
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  return server;
}
