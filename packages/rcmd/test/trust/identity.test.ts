import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, createServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fingerprintOf, fingerprintPattern, isSameFingerprint } from '../../src/trust/fingerprint.ts';
import { identityFile, loadIdentity } from '../../src/trust/identity.ts';
import { KnownHosts } from '../../src/trust/known-hosts.ts';
import { temporaryFolder } from '../support/commands.ts';

describe('an identity', () => {
  it('is made once, closed to others, and the same for all who ask at once', async () => {
    using folder = temporaryFolder();
    const config = join(folder.path, 'rcmd');
    const identities = await Promise.all([loadIdentity(config), loadIdentity(config), loadIdentity(config)]);
    const [first] = identities;
    assert.match(first.fingerprint, fingerprintPattern);
    for (const identity of identities) assert.deepEqual(identity, first);
    assert.deepEqual(await loadIdentity(config), first);
    assert.deepEqual(
      [statSync(identityFile(config)).mode & 0o777, statSync(config).mode & 0o777],
      [0o600, 0o700],
    );
  });

  it('is refused while others may read it, and where it holds no key', async () => {
    using folder = temporaryFolder();
    await loadIdentity(folder.path);
    const path = identityFile(folder.path);
    chmodSync(path, 0o640);
    await assert.rejects(loadIdentity(folder.path), { code: 'UNSAFE_PATH' });
    writeFileSync(path, '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n');
    chmodSync(path, 0o600);
    await assert.rejects(loadIdentity(folder.path), { code: 'BAD_IDENTITY', message: /must hold a key/ });
  });

  it('serves both sides of TLS 1.3, which see each other’s keys', async () => {
    using folder = temporaryFolder();
    const [server, client] = await Promise.all([
      loadIdentity(join(folder.path, 'a')),
      loadIdentity(join(folder.path, 'b')),
    ]);
    assert.notEqual(server.fingerprint, client.fingerprint);
    const listener = createServer({
      cert: server.cert,
      key: server.key,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const accepted = once(listener, 'secureConnection');
    const socket = connect({
      port,
      host: '127.0.0.1',
      cert: client.cert,
      key: client.key,
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const [other] = await accepted;
    assert.equal(fingerprintOf(socket.getPeerX509Certificate()!), server.fingerprint);
    assert.equal(fingerprintOf(other.getPeerX509Certificate() as X509Certificate), client.fingerprint);
    socket.destroy();
    listener.close();
  });
});

describe('fingerprints', () => {
  it('are compared as a whole', () => {
    assert.ok(isSameFingerprint('SHA256:a', 'SHA256:a'));
    assert.ok(!isSameFingerprint('SHA256:a', 'SHA256:b') && !isSameFingerprint('SHA256:a', 'SHA256:ab'));
  });
});

describe('known_hosts', () => {
  const one = `SHA256:${'a'.repeat(43)}`;
  const two = `SHA256:${'b'.repeat(43)}`;

  it('tells known keys, new servers and changed keys apart', () => {
    using folder = temporaryFolder();
    const hosts = new KnownHosts(join(folder.path, 'deep/known_hosts'));
    assert.deepEqual(hosts.check('lab:8888', one), { state: 'new' });
    hosts.add('lab:8888', one);
    hosts.add('other:8888', two);
    assert.deepEqual(hosts.check('lab:8888', one), { state: 'known' });
    assert.deepEqual(hosts.check('lab:8888', two), { state: 'changed', known: one, line: 1 });
    hosts.add('lab:8888', two);
    assert.deepEqual(hosts.check('lab:8888', two), { state: 'known' });
    assert.ok(hosts.remove('lab:8888'));
    assert.deepEqual(
      [hosts.remove('lab:8888'), hosts.check('lab:8888', one), hosts.check('other:8888', two)],
      [false, { state: 'new' }, { state: 'known' }],
    );
  });

  it('says where it cannot be read, for the server that is asked about', () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'known_hosts');
    writeFileSync(path, `# people read this\nlab:1 nonsense\nother:1 ${one}`);
    const hosts = new KnownHosts(path);
    assert.throws(() => hosts.check('lab:1', one), { code: 'BAD_KNOWN_HOSTS', message: /line 2/ });
    assert.deepEqual(hosts.check('other:1', one), { state: 'known' });
    hosts.add('new:1', two);
    assert.deepEqual(
      [hosts.check('new:1', two), hosts.check('other:1', one)],
      [{ state: 'known' }, { state: 'known' }],
    );
  });
});
