import assert from 'node:assert/strict';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, it } from 'node:test';
import {
  ConcurrentTCPServer,
  connect,
  ForkingTCPServer,
  formatAddress,
  fromSystemd,
  type InetAddress,
  type SocketAddress,
  systemdSockets,
  TCPServer,
  ThreadingTCPServer,
  TLSServer,
  UDPServer,
  UnixDatagramServer,
  UnixStreamServer,
} from '../../src/index.ts';
import { chooseEngine } from '../../src/engine/choose-engine.ts';
import type { Listener } from '../../src/engine/contract/connection.ts';
import type { DatagramPort } from '../../src/engine/contract/datagram-port.ts';
import type { Engine } from '../../src/engine/contract/engine.ts';
import { createMemoryEngine } from '../../src/testing/index.ts';
import { connectTLS } from '../support/tls-client.ts';
import { TestAuthority } from '../support/tls-material.ts';
import { serving } from '../support/serving.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { HeldSocket, Service, systemdIsMissing } from '../support/systemd.ts';
import { UnixDatagramClient } from '../support/unix-datagram-client.ts';
import { DescribedService } from './server-description.ts';
import { Echo } from '../workers/handlers/exchanges.ts';
import { DatagramExchange } from '../workers/handlers/matrix.ts';

type AnyServerClass = (abstract new (...args: never[]) => object) & { readonly name: string };

/** Constructs a server in ways that no compiler would let through. */
function construct(Server: AnyServerClass, address: unknown, options: object): object {
  const handler = /UDP|Datagram/.test(Server.name) ? DatagramExchange : Echo;
  return new (Server as unknown as new (...args: unknown[]) => object)(address, handler, options);
}

const library = new URL('../../src/index.ts', import.meta.url).href;
const directory = mkdtempSync(join(tmpdir(), 'socketserver-systemd-'));
after(() => rmSync(directory, { recursive: true }));
const loopback = ['127.0.0.1', 0] as const;

function serverFor(socket: Listener | DatagramPort): string {
  if ('receive' in socket) return 'UDPServer';
  return typeof socket.address === 'string' ? 'UnixStreamServer' : 'TCPServer';
}

async function echoed(address: SocketAddress, engine: 'node' | 'native'): Promise<string> {
  await using client = await connect(address, { engine });
  await client.sendall('hello');
  client.shutdown('write');
  return (await client.readExactly(5)).toString();
}

const authority = new TestAuthority();
const { cert, key } = authority.issue('localhost', { names: 'IP:127.0.0.1' });
after(() => authority[Symbol.dispose]());

describe('servers on sockets that systemd passes', { skip: systemdIsMissing, timeout: 120_000 }, () => {
  for (const engine of ['node', 'native'] as const) {
    for (const model of ['', 'Concurrent', 'Threading', 'Forking']) {
      it(`serve, ${model || 'serial'}, TCP, Unix streams and UDP at once on the ${engine} engine`, async () => {
        const id = `${process.pid}-${model}-${engine}`;
        await using web = HeldSocket.stream('web', loopback);
        await using web6 = HeldSocket.stream('web6', ['::1', 0]);
        await using path = HeldSocket.stream('path', join(directory, id));
        await using abstract = HeldSocket.stream('abstract', `\0socketserver-${id}`);
        await using dns = HeldSocket.datagrams('dns', loopback);
        await using dns6 = HeldSocket.datagrams('dns6', ['::1', 0]);
        const streams = [web6, web, abstract, path];
        const sockets = [...streams, dns, dns6];
        const early = await connect(web.address, { engine }); // there is no server yet
        await using service = new DescribedService(
          sockets.map(({ name, socket }) => ({
            server: model + serverFor(socket),
            handler: 'receive' in socket ? 'DatagramExchange' : 'Echo',
            address: { systemd: name },
            options: { engine },
          })),
          { sockets },
        );
        const { addresses, left } = await service.started();
        assert.deepEqual(
          addresses,
          sockets.map(({ address }) => address),
        );
        assert.deepEqual(left, []);
        await early.sendall('early');
        assert.equal((await early.readExactly(5)).toString(), 'early');
        early.close();
        for (const { address } of streams) assert.equal(await echoed(address, engine), 'hello');
        for (const { address } of [dns, dns6]) {
          const [host] = address as InetAddress;
          await using client = new DatagramClient({ type: host === '::1' ? 'udp6' : 'udp4', host });
          assert.equal(await client.ask('four', address as InetAddress), '4 false');
        }
        service.kill('SIGTERM');
        assert.deepEqual(await service.exited, [0, null]);
        assert.equal(service.stderr, '');
        assert.ok(existsSync(path.address as string), 'the path is of whoever bound it');
        for (const { address } of streams) (await connect(address, { engine })).close(); // systemd still listens
      });
    }
  }

  it('answer Unix datagrams, which need the native engine', async () => {
    const models = ['', 'Concurrent', 'Threading', 'Forking'];
    const logs = models.map((model) => HeldSocket.datagrams(model, join(directory, `log-${model}`)));
    await using service = new DescribedService(
      models.map((model) => ({
        server: `${model}UnixDatagramServer`,
        handler: 'DatagramExchange',
        address: { systemd: model },
        options: { engine: 'native' },
      })),
      { sockets: logs },
    );
    await service.started();
    await using client = new UnixDatagramClient(join(directory, 'client'));
    for (const { address } of logs) {
      await client.send('four', address as string);
      assert.equal((await client.next()).bytes.toString(), '4 false');
    }
    service.kill('SIGTERM');
    assert.deepEqual(await service.exited, [0, null]);
    for (const log of logs) {
      assert.ok(existsSync(log.address as string), 'the path is of whoever bound it');
      await log[Symbol.asyncDispose]();
    }
  });

  it('a TLSServer shakes hands on one', async () => {
    await using web = HeldSocket.stream('web', loopback);
    await using service = new DescribedService(
      [
        {
          server: 'ThreadingTLSServer',
          handler: 'Echo',
          address: { systemd: 'web' },
          options: { tls: { cert, key } },
        },
      ],
      { sockets: [web] },
    );
    await service.started();
    const socket = await connectTLS(web.address as InetAddress, { ca: authority.cert });
    socket.end('hello');
    assert.equal(await text(socket), 'hello');
  });

  it('need no name where there is only one, and the children of the service claim nothing', async () => {
    await using web = HeldSocket.stream('web.socket', loopback);
    const own = `
      import { spawnSync } from 'node:child_process';
      import { fromSystemd, systemdSockets } from '${library}';
      console.log(JSON.stringify([fromSystemd(), systemdSockets('other'), systemdSockets()]));
      const ls = 'env | grep ^LISTEN_ ; [ -e /proc/$$/fd/3 ] && echo open';
      console.log(JSON.stringify(spawnSync('sh', ['-c', ls]).stdout.toString()));
    `;
    await using service = new Service(['--input-type=module', '--eval', own], { sockets: [web] });
    const socket = { fd: 3, name: 'web.socket' };
    assert.deepEqual(JSON.parse(await service.line()), [socket, [], [socket]]);
    assert.equal(JSON.parse(await service.line()), '');
  });

  it('several of one name are all to be had, and which one is meant must be said', async () => {
    const sockets = [
      HeldSocket.stream('web', loopback),
      HeldSocket.stream('web', ['::1', 0]),
      HeldSocket.datagrams('dns', loopback),
    ];
    const own = `
      import { fromSystemd, systemdSockets } from '${library}';
      console.log(JSON.stringify(systemdSockets('web')));
      for (const name of ['web', 'mail', undefined]) {
        try {
          fromSystemd(name);
        } catch ({ code, message, passed }) {
          console.log(JSON.stringify([code, message, passed.length]));
        }
      }
    `;
    await using service = new Service(['--input-type=module', '--eval', own], { sockets });
    assert.deepEqual(JSON.parse(await service.line()), [
      { fd: 3, name: 'web' },
      { fd: 4, name: 'web' },
    ]);
    const addresses = sockets.map(({ socket }) => formatAddress(socket.address));
    const list =
      `systemd passed 'web' (descriptor 3, a listening TCP socket on ${addresses[0]}), ` +
      `'web' (descriptor 4, a listening TCP socket on ${addresses[1]}), ` +
      `'dns' (descriptor 5, a UDP socket on ${addresses[2]})`;
    const start = "Cannot use systemd's socket: fromSystemd(";
    assert.deepEqual(JSON.parse(await service.line()), [
      'SOCKET_ACTIVATION',
      `${start}'web') needs one socket, and ${list}; take them all with systemdSockets('web')`,
      3,
    ]);
    assert.deepEqual(JSON.parse(await service.line()), [
      'SOCKET_ACTIVATION',
      `${start}'mail') needs a socket of that name, and ${list}`,
      3,
    ]);
    assert.deepEqual(JSON.parse(await service.line()), [
      'SOCKET_ACTIVATION',
      `${start}) needs one socket, and ${list}; name one, or take them all with systemdSockets()`,
      3,
    ]);
    for (const socket of sockets) await socket[Symbol.asyncDispose]();
  });

  it("are not another process's, which the message says", async () => {
    await using web = HeldSocket.stream('web', loopback);
    await using service = new DescribedService(
      [{ server: 'TCPServer', handler: 'Echo', address: { systemd: 'web' } }],
      { sockets: [web], env: { LISTEN_PID: '1' }, setsPid: false },
    );
    await service.exited;
    assert.match(
      service.stderr,
      /fromSystemd\('web'\) finds that none was passed: LISTEN_PID is 1 and this process is \d+/,
    );
  });
});

describe('fromSystemd() in a program that systemd did not start', () => {
  it('says how to start it', () => {
    assert.throws(() => fromSystemd('web'), {
      name: 'SocketActivationError',
      code: 'SOCKET_ACTIVATION',
      message:
        /fromSystemd\('web'\) finds that none was passed: LISTEN_FDS is not set\. .* systemd-socket-activate -l 8888/,
    });
    assert.deepEqual(systemdSockets(), []);
  });
});

describe('a server on a descriptor', { skip: systemdIsMissing }, () => {
  const tcp = HeldSocket.stream('tcp', loopback).socket;
  const unix = HeldSocket.stream('unix', `\0socketserver-${process.pid}-wrong`).socket;
  const udp = HeldSocket.datagrams('udp', loopback).socket;
  const unixDatagrams = HeldSocket.datagrams('log', `\0socketserver-${process.pid}-log`).socket;
  const file = openSync(import.meta.filename, 'r');
  const directoryFd = openSync(import.meta.dirname, 'r');
  after(() => {
    for (const socket of [tcp, unix, udp, unixDatagrams]) void socket.close();
    for (const fd of [file, directoryFd]) closeSync(fd);
  });

  const refused = (Server: AnyServerClass, fd: unknown, message: string): void => {
    for (const engine of ['node', 'native'] as const) {
      const options = { engine, ...(Server === TLSServer ? { tls: { cert, key } } : {}) };
      assert.throws(() => construct(Server, { fd }, options), { name: 'TypeError', message });
    }
  };
  const must = (fd: number, kind: string): string =>
    `Cannot use the inherited socket: descriptor ${fd} must be a ${kind} socket, got`;

  it('refuses one of another kind, and says which it is', () => {
    const [host, port] = tcp.address as InetAddress;
    const name = `unix:\\0socketserver-${process.pid}-wrong`;
    const log = `unix:\\0socketserver-${process.pid}-log`;
    for (const Server of [TCPServer, TLSServer, ThreadingTCPServer, ForkingTCPServer]) {
      refused(
        Server,
        udp.fd,
        `${must(udp.fd, 'listening TCP')} a UDP socket on ${formatAddress(udp.address)}`,
      );
      refused(Server, unix.fd, `${must(unix.fd, 'listening TCP')} a listening Unix stream socket on ${name}`);
    }
    refused(
      UnixStreamServer,
      tcp.fd,
      `${must(tcp.fd, 'listening Unix stream')} a listening TCP socket on ${host}:${port}`,
    );
    refused(
      UnixStreamServer,
      unixDatagrams.fd,
      `${must(unixDatagrams.fd, 'listening Unix stream')} a Unix datagram socket on ${log}`,
    );
    refused(UDPServer, tcp.fd, `${must(tcp.fd, 'bound UDP')} a listening TCP socket on ${host}:${port}`);
    refused(
      UDPServer,
      unixDatagrams.fd,
      `${must(unixDatagrams.fd, 'bound UDP')} a Unix datagram socket on ${log}`,
    );
    refused(
      UnixDatagramServer,
      udp.fd,
      `${must(udp.fd, 'bound Unix datagram')} a UDP socket on ${formatAddress(udp.address)}`,
    );
  });

  it('refuses what is no socket at all', () => {
    refused(TCPServer, file, `${must(file, 'listening TCP')} a file`);
    refused(UDPServer, directoryFd, `${must(directoryFd, 'bound UDP')} a directory`);
    refused(TCPServer, 9_999, `${must(9_999, 'listening TCP')} no open descriptor`);
    for (const fd of [-1, 1.5, '3', undefined]) {
      refused(
        TCPServer,
        fd,
        `Cannot use the address: fd must be the number of a descriptor, got ${JSON.stringify(fd)}`,
      );
    }
  });

  it('refuses a connection', async () => {
    await using client = await connect(tcp.address, { engine: 'native' });
    const from = formatAddress(client.getsockname());
    refused(
      TCPServer,
      client.fileno(),
      `${must(client.fileno(), 'listening TCP')} a connected TCP socket on ${from}`,
    );
  });

  it('leaves those alone that it refuses', async () => {
    const connected = connect(tcp.address, { engine: 'native' });
    tcp.accept()?.close();
    (await connected).close();
  });

  it('refuses options that say how to bind', () => {
    for (const [Server, options] of [
      [TCPServer, { ipv6Only: true }],
      [TCPServer, { addressFamily: 'AF_INET' }],
      [ConcurrentTCPServer, { allowReuseAddress: true }],
      [UDPServer, { allowReusePort: true }],
      [UnixStreamServer, { mode: 0o600 }],
    ] as const) {
      const [[key, value]] = Object.entries(options) as [[string, unknown]];
      assert.throws(() => construct(Server, { fd: 3 }, options), {
        name: 'TypeError',
        message: `Cannot construct ${Server.name}: options.${key} must be left out for an inherited socket, which somebody else has bound, got ${String(value)}`,
      });
    }
  });

  it('needs an engine that has descriptors, and for Unix datagrams the native one', () => {
    assert.throws(() => new TCPServer({ fd: tcp.fd }, Echo, { engine: createMemoryEngine() }), {
      code: 'UNSUPPORTED',
      message: /the memory engine has no descriptors; choose engine: 'node' or 'native'/,
    });
    assert.throws(
      () => new UnixDatagramServer({ fd: unixDatagrams.fd }, DatagramExchange, { engine: 'node' }),
      {
        code: 'UNSUPPORTED',
        message: /Node has no Unix datagram sockets; install @socketserver\/native/,
      },
    );
  });

  for (const engine of ['node', 'native'] as const) {
    it(`has no address until serverBind(), and listens if that was not done on the ${engine} engine`, async () => {
      const native = chooseEngine('native') as Engine & { binding: { duplicate(fd: number): number } };
      const bound = native.bindStream(`\0socketserver-${process.pid}-${engine}`, {
        reuseAddress: true,
        reusePort: false,
        ipv6Only: false,
      });
      const fd = native.binding.duplicate(bound.fd);
      await using server = new UnixStreamServer({ fd }, Echo, { engine, bindAndActivate: false });
      assert.equal(server.serverAddress, '');
      server.serverBind();
      server.serverActivate();
      assert.equal(server.serverAddress, bound.address);
      await using _ = serving(server);
      assert.equal(await echoed(bound.address, engine), 'hello');
      await bound.close();
    });
  }
});
