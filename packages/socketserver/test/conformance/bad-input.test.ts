/** What is wrong is said by the constructor, at once and in words, and nothing stays open. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  ConcurrentTCPServer,
  ConcurrentUDPServer,
  ConcurrentUnixStreamServer,
  ForkingTCPServer,
  TCPServer,
  ThreadingTCPServer,
  TLSServer,
  UDPServer,
  UnixDatagramServer,
  UnixStreamServer,
} from '../../src/index.ts';
import { Echo } from '../workers/handlers/exchanges.ts';
import { EchoLine, EchoPacketLine } from './handlers.ts';

/** A class as JavaScript users see it: it takes anything. */
type AnyServer = new (...args: unknown[]) => { serverClose(): Promise<void> };

const untyped = (Server: unknown): AnyServer => Server as AnyServer;
const construct = (Server: unknown, ...args: unknown[]) => new (untyped(Server))(...args);

const loopback = ['127.0.0.1', 0] as const;

const directory = mkdtempSync(join(tmpdir(), 'ss-'));
after(() => rmSync(directory, { recursive: true }));
const unusedPath = join(directory, 'never-bound.sock');

/** Bytes that a path may have, its final zero not counted. [unix(7)] */
const longestPath = process.platform === 'linux' ? 107 : 103;

const inetServers = [
  [TCPServer, EchoLine],
  [ConcurrentTCPServer, EchoLine],
  [TLSServer, EchoLine],
  [UDPServer, EchoPacketLine],
  [ConcurrentUDPServer, EchoPacketLine],
] as const;
const unixServers = [
  [UnixStreamServer, EchoLine],
  [ConcurrentUnixStreamServer, EchoLine],
  [UnixDatagramServer, EchoPacketLine],
] as const;

/** What is open, where the system tells. */
const descriptors = () => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);

describe('a constructor', () => {
  for (const [Server, Handler] of inetServers) {
    it(`refuses what is no address: ${Server.name}`, () => {
      const before = descriptors();
      for (const [address, message] of [
        [undefined, /it must be \['127\.0\.0\.1', 8888\]/],
        [null, /it must be/],
        [8888, /it must be/],
        [[], /it must be/],
        [['127.0.0.1'], /it must be/],
        [['127.0.0.1', 1, 2], /it must be/],
        ['127.0.0.1', /it must be/],
        ['::1:80', /it must be/],
        [{ port: 80 }, /it must be/],
        [[80, '127.0.0.1'], /host must be a string, got 80/],
        [['127.0.0.1', '80'], /port must be a number, got "80"/],
        [['127.0.0.1', undefined], /port must be a number/],
        [['example.org', 80], /host must be a numeric IP address.*dns\.promises\.lookup/],
        [['127.0.0.256', 80], /host must be a numeric IP address/],
        [['127.0.0.1\0', 80], /host must be a numeric IP address/],
      ] as const) {
        assert.throws(() => construct(Server, address, Handler), { name: 'TypeError', message });
      }
      for (const port of [-1, 65_536, 1.5, NaN, Infinity]) {
        const message = /port must be an integer from 0 to 65535/;
        assert.throws(() => construct(Server, ['127.0.0.1', port], Handler), { name: 'RangeError', message });
      }
      assert.throws(() => construct(Server, '127.0.0.1:99999', Handler), RangeError);
      assert.equal(descriptors(), before);
    });
  }

  for (const [Server, Handler] of unixServers) {
    it(`refuses what is no path: ${Server.name}`, () => {
      const before = descriptors();
      for (const address of [
        undefined,
        null,
        8888,
        '',
        'unix:',
        {},
        { path: 5 },
        ['127.0.0.1', 80],
        'a\0b',
      ]) {
        assert.throws(() => construct(Server, address, Handler), { name: 'TypeError', message: /path must/ });
      }
      assert.equal(descriptors(), before);
    });

    it(
      `refuses a path that does not fit, in bytes: ${Server.name}`,
      { skip: process.platform === 'win32' },
      () => {
        const message = new RegExp(`path must be at most ${longestPath} bytes, got ${longestPath + 1}`);
        const path = `/${'é'.repeat((longestPath - 1) / 2)}x`;
        assert.throws(() => construct(Server, path, Handler), { name: 'RangeError', message });
        assert.throws(() => construct(Server, `/${'x'.repeat(longestPath)}`, Handler), RangeError);
      },
    );
  }

  it('takes a path that just fits', { skip: process.platform === 'win32' }, async () => {
    const path = join(directory, 'x'.repeat(longestPath - directory.length - 1));
    assert.equal(Buffer.byteLength(path), longestPath);
    await using server = new UnixStreamServer(path, EchoLine);
    assert.equal(server.serverAddress, path);
    assert.ok(existsSync(path));
  });

  it('passes on what the system says of a path, and touches nothing', () => {
    const before = descriptors();
    const file = join(directory, 'file');
    writeFileSync(file, 'not a socket');
    const inNoDirectory = join(directory, 'nowhere', 'echo.sock');
    assert.throws(() => new UnixStreamServer(file, EchoLine), { code: 'EADDRINUSE' });
    assert.throws(() => new UnixStreamServer(directory, EchoLine), { code: 'EADDRINUSE' });
    assert.throws(() => new UnixStreamServer(inNoDirectory, EchoLine), { code: /^(ENOENT|EACCES)$/ });
    assert.equal(existsSync(file), true);
    assert.equal(descriptors(), before);
  });

  for (const [Server] of [...inetServers, ...unixServers]) {
    const address = unixServers.some(([Unix]) => Unix === Server) ? unusedPath : loopback;

    it(`refuses a handler that is no class: ${Server.name}`, () => {
      const message = /^Cannot construct \w+: RequestHandlerClass must be a class/;
      for (const handler of [undefined, null, 'EchoLine', {}, () => undefined, new EchoLine(...never)]) {
        assert.throws(() => construct(Server, address, handler), { name: 'TypeError', message });
      }
    });

    it(`refuses options that it does not know, and groups of options too: ${Server.name}`, () => {
      const refused = (options: unknown, message: RegExp) => {
        assert.throws(() => construct(Server, address, EchoLine, options), { name: 'TypeError', message });
      };
      const name = new RegExp(
        `^Cannot construct ${Server.name}: options must have only the keys .*, got backlog$`,
      );
      refused({ backlog: 5 }, name);
      refused({ toString: true }, /got toString/);
      refused({ timeouts: { drain: 5 } }, /options\.timeouts must have only the keys .*, got drain$/);
      refused({ timeouts: 5 }, /options\.timeouts must be an object, got 5/);
      refused({ timeouts: { drainMs: NaN } }, /options\.timeouts\.drainMs must be .*, got NaN/);
      refused({ timeout: '5' }, /options\.timeout must be a number of seconds above 0, got "5"/);
      refused({ allowReuseAddress: 1 }, /options\.allowReuseAddress must be a boolean, got 1/);
      refused({ bindAndActivate: 'no' }, /options\.bindAndActivate must be a boolean/);
      refused({ engine: 'quantum' }, /'auto'.*got 'quantum'/);
      refused(null, /options must be an object, got null/);
      refused('fast', /options must be an object, got "fast"/);
      assert.equal(existsSync(unusedPath), false);
    });
  }

  it('refuses values out of range for what only some servers know', () => {
    for (const requestQueueSize of [0, -1, 1.5, 65_536, '5']) {
      assert.throws(
        () => construct(TCPServer, loopback, EchoLine, { requestQueueSize }),
        /requestQueueSize must be/,
      );
    }
    for (const maxPacketSize of [0, -1, 1.5, Infinity, '5']) {
      assert.throws(
        () => construct(UDPServer, loopback, EchoPacketLine, { maxPacketSize }),
        /maxPacketSize must be/,
      );
    }
    for (const limits of [{ maxPending: 0 }, { whenFull: 'wait' }, { maxPackets: 1 }]) {
      assert.throws(() => construct(UDPServer, loopback, EchoPacketLine, { limits }), /options\.limits/);
    }
    for (const mode of [-1, 0o1000, '660']) {
      assert.throws(() => construct(UnixStreamServer, unusedPath, EchoLine, { mode }), /mode must be/);
    }
    assert.throws(() => construct(TCPServer, loopback, EchoLine, { maxPacketSize: 5 }), /got maxPacketSize/);
    assert.throws(
      () => construct(UDPServer, loopback, EchoPacketLine, { requestQueueSize: 5 }),
      /got requestQueueSize/,
    );
  });

  it('holds the attributes of a class to the rules of the options that they stand for', () => {
    class ShortQueue extends TCPServer {
      static override readonly requestQueueSize = 0;
    }
    class WrongFamily extends ConcurrentTCPServer {
      static override readonly addressFamily = 'AF_UNIX' as never;
    }
    class WrongTimeout extends UnixStreamServer {
      static override readonly timeout = '5' as never;
    }
    class NoPacket extends UDPServer {
      static override readonly maxPacketSize = -1;
    }
    class NoChildren extends ForkingTCPServer {
      static override readonly maxChildren = 0;
    }
    class MaybeDaemon extends ThreadingTCPServer {
      static override readonly daemonThreads = 'yes' as never;
    }
    const before = descriptors();
    for (const [Server, Handler, address, message] of [
      [ShortQueue, EchoLine, loopback, 'requestQueueSize must be an integer from 1 to 65535, got 0'],
      [WrongFamily, EchoLine, loopback, /addressFamily must be one of 'AF_INET', 'AF_INET6', got "AF_UNIX"$/],
      [WrongTimeout, EchoLine, unusedPath, 'timeout must be a number of seconds above 0, got "5"'],
      [NoPacket, EchoPacketLine, loopback, /maxPacketSize must be an integer .*, got -1$/],
      [NoChildren, EchoLine, loopback, 'maxChildren must be an integer from 1 to 1024, got 0'],
      [MaybeDaemon, EchoLine, loopback, 'daemonThreads must be a boolean, got "yes"'],
    ] as const) {
      const begins = `Cannot construct ${Server.name}: ${Server.name}.`;
      const said = typeof message === 'string' ? new RegExp(`${message}$`) : message;
      assert.throws(
        () => construct(Server, address, Handler),
        (error: Error) =>
          error instanceof TypeError && error.message.startsWith(begins) && said.test(error.message),
        Server.name,
      );
    }
    assert.equal(descriptors(), before);
  });

  it('checks the attributes of a handler that reads and writes like files', () => {
    for (const [attribute, value, message] of [
      ['timeout', -1, 'must be a number of seconds above 0, got -1'],
      ['rbufsize', 1.5, 'must be an integer from -1'],
      ['wbufsize', '8192', 'must be an integer from -1'],
      ['disableNagleAlgorithm', 1, 'must be a boolean, got 1'],
    ] as const) {
      class Odd extends EchoLine {}
      Object.defineProperty(Odd, attribute, { value });
      assert.throws(
        () => construct(TCPServer, loopback, Odd),
        new RegExp(`^TypeError: Cannot construct TCPServer: Odd\\.${attribute} ${message}`),
      );
    }
  });

  it('names the package that a Unix datagram server needs, where it has another engine', () => {
    assert.throws(() => new UnixDatagramServer(unusedPath, EchoPacketLine, { engine: 'node' }), {
      code: 'UNSUPPORTED',
      message: /@socketserver\/native/,
    });
    assert.equal(existsSync(unusedPath), false);
  });

  it('does not keep or change the options that it was given', async () => {
    const options = { timeouts: { drainMs: 5 } };
    await using server = new TCPServer(loopback, EchoLine, options);
    options.timeouts.drainMs = 7;
    assert.equal(server.timeouts.drainMs, 5);
    assert.deepEqual(options, { timeouts: { drainMs: 7 } });
  });
});

/** Arguments for a handler that is made outside a server. */
const never = [undefined, undefined, undefined] as unknown as ConstructorParameters<typeof EchoLine>;

describe('serveForever()', () => {
  it('refuses options that it does not know, and values out of range', async () => {
    await using server = new TCPServer(loopback, EchoLine);
    for (const [options, message] of [
      [{ pollInterval: 0.5 }, /^Cannot serveForever: options must have only the keys .*, got pollInterval$/],
      [{ serviceIntervalMs: 0 }, /^Cannot serveForever: options\.serviceIntervalMs must be .*, got 0$/],
      [{ serviceIntervalMs: '500' }, /got "500"$/],
      [0.5, /^Cannot serveForever: options must be an object, got 0\.5$/],
    ] as const) {
      await assert.rejects(server.serveForever(options as object), { name: 'TypeError', message });
    }
    await assert.rejects(server.serveForever(null as never), TypeError);
  });
});

describe('reload()', () => {
  it('refuses options that it does not know, and values out of range', async () => {
    await using server = new ThreadingTCPServer(loopback, Echo);
    await assert.rejects(
      server.reload({ drain: 5 } as object),
      /must have only the keys drainMs, got drain$/,
    );
    await assert.rejects(server.reload({ drainMs: -1 }), {
      name: 'TypeError',
      message: /^Cannot reload: options\.drainMs must be .*, got -1$/,
    });
  });
});
