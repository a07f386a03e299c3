import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { connect, formatAddress, type InetAddress } from '../../src/index.ts';
import { NotifyReceiver, systemdIsMissing } from '../support/systemd.ts';
import { DescribedService } from './server-description.ts';

const directory = mkdtempSync(join(tmpdir(), 'socketserver-notify-'));
after(() => rmSync(directory, { recursive: true }));
const address = ['127.0.0.1', 0] as const;

/** Makes Node find no native package, as where it is not installed. */
const withoutNative = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === '@socketserver/native') throw new Error('Cannot find module @socketserver/native');
      return next(specifier, context);
    },
  });
`)}`;

describe('a service that systemd wants to hear of', { skip: systemdIsMissing, timeout: 120_000 }, () => {
  for (const [model, engine] of [
    ['', 'native'],
    ['Concurrent', 'node'],
    ['Threading', 'native'],
    ['Forking', 'node'],
  ] as const) {
    it(`says when it is ready, alive and stopping: ${model}TCPServer, ${engine} engine`, async () => {
      await using systemd = new NotifyReceiver(join(directory, `notify-${model}`));
      await using service = new DescribedService(
        [{ server: `${model}TCPServer`, handler: 'Echo', address, options: { engine } }],
        { env: { NOTIFY_SOCKET: join(directory, `notify-${model}`), WATCHDOG_USEC: '50000' } },
      );
      const where = formatAddress((await service.started()).addresses[0]!);
      const status = `STATUS=Serving on ${where}; 0 running, 0 served, 0 failed`;
      assert.deepEqual(await systemd.next(), ['READY=1', status]);
      assert.deepEqual(await systemd.next(), ['WATCHDOG=1', status]);
      service.kill('SIGTERM');
      assert.deepEqual(await systemd.nextChange(), [
        'STOPPING=1',
        'STATUS=Draining; 0 running, 0 served, 0 failed',
      ]);
      assert.deepEqual(await service.exited, [0, null]);
      assert.equal(service.stderr, '');
    });
  }

  it('speaks to an abstract name, once for all servers that count', async () => {
    const name = `socketserver-${process.pid}-notify`;
    await using systemd = new NotifyReceiver(`\0${name}`);
    await using service = new DescribedService(
      [
        { server: 'TCPServer', handler: 'Echo', address },
        { server: 'UDPServer', handler: 'DatagramExchange', address },
        { server: 'TCPServer', handler: 'Echo', address, options: { notifySystemd: false } },
      ],
      { env: { NOTIFY_SOCKET: `@${name}` } },
    );
    const [one, two] = (await service.started()).addresses;
    assert.deepEqual(await systemd.next(), [
      'READY=1',
      `STATUS=Serving on ${formatAddress(one!)}, ${formatAddress(two!)}; 0 running, 0 served, 0 failed`,
    ]);
    service.kill('SIGTERM');
    assert.equal((await systemd.next())[0], 'STOPPING=1');
    assert.deepEqual(await service.exited, [0, null]);
  });

  it('says that it reloads, and when, by the clock that systemd reads', async () => {
    await using systemd = new NotifyReceiver(join(directory, 'reload'));
    await using service = new DescribedService(
      [{ server: 'ForkingTCPServer', handler: 'Echo', address, options: { reloadSignal: 'SIGHUP' } }],
      { env: { NOTIFY_SOCKET: join(directory, 'reload') } },
    );
    assert.equal((await systemd.next())[0], 'READY=1');
    const before = process.hrtime.bigint();
    service.kill('SIGHUP');
    const [reloading, monotonic, status] = await systemd.next();
    assert.deepEqual([reloading, status], ['RELOADING=1', 'STATUS=Reloading']);
    const at = BigInt(/^MONOTONIC_USEC=(\d+)$/.exec(monotonic!)![1]!) * 1_000n;
    assert.ok(at >= before - 1_000n && at <= process.hrtime.bigint());
    assert.equal((await systemd.next())[0], 'READY=1');
  });

  it('is alive while all of its threads are blocked', async () => {
    await using systemd = new NotifyReceiver(join(directory, 'blocked'));
    await using service = new DescribedService(
      [{ server: 'ThreadingTCPServer', handler: 'Reckless', address, options: { workers: { max: 1 } } }],
      { env: { NOTIFY_SOCKET: join(directory, 'blocked'), WATCHDOG_USEC: '50000' } },
    );
    const { addresses } = await service.started();
    await using client = await connect(addresses[0] as InetAddress);
    await client.sendall('spin 60000\n');
    assert.equal((await client.readline()).toString(), 'spinning\n');
    for (let signs = 0; signs < 3;) {
      const [first, status] = await systemd.next();
      if (first === 'WATCHDOG=1' && status!.includes('1 running')) signs += 1;
    }
  });

  it('serves without the native package, and warns that systemd cannot be told', async () => {
    await using service = new DescribedService([{ server: 'TCPServer', handler: 'Echo', address }], {
      env: { NOTIFY_SOCKET: '/run/systemd/notify', NODE_OPTIONS: `--import=${withoutNative}` },
    });
    await service.started();
    service.kill('SIGTERM');
    assert.deepEqual(await service.exited, [0, null]);
    assert.match(
      service.stderr,
      /^\(node:\d+\) \[SOCKETSERVER_NOTIFY\] SystemdWarning: NOTIFY_SOCKET is set, but systemd cannot be told that the service is ready: Node has no Unix datagram sockets, and @socketserver\/native could not be loaded \(Cannot find module @socketserver\/native\); install it\n/,
    );
    assert.equal(service.stderr.match(/SystemdWarning/g)?.length, 1);
  });
});
