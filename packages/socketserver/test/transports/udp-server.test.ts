import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import {
  BaseRequestHandler,
  ConcurrentUDPServer,
  type DatagramRequest,
  type InetAddress,
  ServerDrainingError,
  TCPServer,
  type DatagramTruncatedEvent,
  UDPServer,
  type UDPServerOptions,
} from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { serving } from '../support/serving.ts';
import { workerEngines as socketEngines } from '../support/worker-engines.ts';

const loopback = ['127.0.0.1', 0] as const;
const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
);

class Echo extends BaseRequestHandler<DatagramRequest> {
  override async handle() {
    const [data, socket] = this.request;
    await socket.sendto(data, this.clientAddress);
  }
}

for (const [engineName, engine] of socketEngines) {
  for (const Server of [UDPServer, ConcurrentUDPServer]) {
    describe(`${Server.name} on the ${engineName} engine`, () => {
      it('answers from its own address', async () => {
        await using server = new Server(loopback, Echo, { engine });
        await using _ = serving(server);
        await using client = new DatagramClient();
        await client.send('hello', server.serverAddress);
        const [reply, sender] = await client.next();
        assert.equal(reply.toString(), 'hello');
        assert.deepEqual(sender, [...server.serverAddress]);
      });

      it('takes an empty datagram for a request like any other', async () => {
        await using server = new Server(loopback, Echo, { engine });
        await using _ = serving(server);
        await using client = new DatagramClient();
        assert.equal(await client.ask('', server.serverAddress), '');
      });

      it('echoes the longest datagram that there is, 65,507 bytes', async () => {
        await using server = new Server(loopback, Echo, { engine, maxPacketSize: 65_507 });
        await using _ = serving(server);
        await using client = new DatagramClient();
        const longest = Buffer.alloc(65_507, 'x');
        await client.send(longest, server.serverAddress);
        assert.ok((await client.next())[0].equals(longest));
      });

      it('echoes 10,000 datagrams of random bytes and lengths', async () => {
        await using server = new Server(loopback, Echo, { engine });
        await using _ = serving(server);
        await using client = new DatagramClient();
        for (let index = 0; index < 10_000; index += 1) {
          const sent = crypto.getRandomValues(Buffer.alloc((index * 7919) % 2_000));
          await client.send(sent, server.serverAddress);
          if (index % 16 !== 0) continue; // a few under way at once, never so many that a buffer overflows
          for (let missing = index === 0 ? 1 : 16; missing > 0; missing -= 1) await client.next();
        }
      });

      it('goes on after a handler that throws, and tells handleError who and what', async () => {
        class Choosy extends Echo {
          override async handle() {
            if (this.request[0].toString() === 'bad') throw new RangeError('no such thing');
            await super.handle();
          }
        }
        await using server = new Server(loopback, Choosy, { engine });
        await using _ = serving(server);
        await using client = new DatagramClient();
        using stderr = captureStderr();
        await client.send('bad', server.serverAddress);
        assert.equal(await client.ask('good', server.serverAddress), 'good');
        assert.match(
          stderr.text(),
          new RegExp(`request from 127.0.0.1:${client.address[1]}\nRangeError: no such thing`),
        );
      });

      it('drops silently what verifyRequest refuses', async () => {
        class Guarded extends Server {
          override verifyRequest([data]: DatagramRequest) {
            return data.toString() !== 'refused';
          }
        }
        await using server = new Guarded(loopback, Echo, { engine });
        await using _ = serving(server);
        await using client = new DatagramClient();
        await client.send('refused', server.serverAddress);
        assert.equal(await client.ask('taken', server.serverAddress), 'taken');
      });

      it('is not disturbed by clients that are gone when the reply comes', async () => {
        await using server = new Server(loopback, Echo, { engine });
        await using _ = serving(server);
        using stderr = captureStderr();
        for (let count = 0; count < 20; count += 1) {
          await using gone = new DatagramClient();
          await gone.send('bye', server.serverAddress);
        }
        await using client = new DatagramClient();
        assert.equal(await client.ask('still there?', server.serverAddress), 'still there?');
        assert.equal(stderr.text(), '');
      });

      it('lets running handlers answer while it drains, and tells them by the signal', async () => {
        const begun = Promise.withResolvers<void>();
        class Slow extends BaseRequestHandler<DatagramRequest> {
          override async handle() {
            const [, socket] = this.request;
            const told = new Promise<void>((resolve) =>
              socket.signal.addEventListener('abort', () => resolve()),
            );
            begun.resolve();
            await told;
            assert.ok(socket.signal.reason instanceof ServerDrainingError);
            await socket.sendto('the last word', this.clientAddress);
          }
        }
        const server = new Server(loopback, Slow, { engine });
        const loop = server.serveForever();
        await using client = new DatagramClient();
        await client.send('?', server.serverAddress);
        await begun.promise;
        await server.serverClose();
        await loop;
        assert.equal((await client.next())[0].toString(), 'the last word');
      });

      it('ends a handler that outlives the drain: it can send no more', async () => {
        const outcome = Promise.withResolvers<unknown>();
        const begun = Promise.withResolvers<void>();
        const goOn = Promise.withResolvers<void>();
        class Stubborn extends BaseRequestHandler<DatagramRequest> {
          override async handle() {
            begun.resolve();
            await goOn.promise;
            const [data, socket] = this.request;
            await socket.sendto(data, this.clientAddress).catch(outcome.resolve);
          }
        }
        const server = new Server(loopback, Stubborn, { engine, timeouts: { drainMs: 0 } });
        const loop = server.serveForever();
        await using client = new DatagramClient();
        await client.send('?', server.serverAddress);
        await begun.promise;
        await server.serverClose();
        goOn.resolve();
        assert.equal(((await outcome.promise) as { code?: string }).code, 'CONNECTION_CLOSED');
        await loop;
      });
    });
  }

  describe(`the address of a UDP server on the ${engineName} engine`, () => {
    it('is known with its real port from the constructor on', async () => {
      await using server = new UDPServer(loopback, Echo, { engine });
      assert.equal(server.serverAddress[0], '127.0.0.1');
      assert.ok(server.serverAddress[1] > 0);
      assert.deepEqual(server.socket.getsockname(), server.serverAddress);
    });

    it('is refused by the constructor when another server has it', async () => {
      await using server = new UDPServer(loopback, Echo, { engine });
      assert.throws(() => new UDPServer(server.serverAddress, Echo, { engine }), {
        code: 'EADDRINUSE',
        syscall: 'bind',
      });
    });

    it('may be shared by servers that allow it', async () => {
      const options: UDPServerOptions = { engine, allowReusePort: true };
      await using server = new UDPServer(loopback, Echo, options);
      await using second = new UDPServer(server.serverAddress, Echo, options);
      assert.deepEqual(second.serverAddress, server.serverAddress);
    });

    it('is bound later by serverBind() where bindAndActivate is false', async () => {
      await using server = new UDPServer(loopback, Echo, { engine, bindAndActivate: false });
      assert.deepEqual(server.serverAddress, loopback);
      server.serverBind();
      server.serverActivate();
      await using _ = serving(server);
      await using client = new DatagramClient();
      assert.equal(await client.ask('late', server.serverAddress), 'late');
    });

    it('may be IPv6', { skip: !hasIPv6 }, async () => {
      await using server = new UDPServer('[::1]:0', Echo, { engine });
      await using _ = serving(server);
      await using client = new DatagramClient({ type: 'udp6', host: '::1' });
      assert.equal(await client.ask('six', server.serverAddress), 'six');
    });

    it('serves IPv4 and IPv6 clients on the IPv6 wildcard', { skip: !hasIPv6 }, async () => {
      const clients: string[] = [];
      class Named extends Echo {
        override async handle() {
          clients.push((this.clientAddress as InetAddress)[0]);
          await super.handle();
        }
      }
      await using server = new UDPServer(['::', 0], Named, { engine });
      await using _ = serving(server);
      const [, port] = server.serverAddress;
      await using four = new DatagramClient();
      assert.equal(await four.ask('4', ['127.0.0.1', port]), '4');
      await using six = new DatagramClient({ type: 'udp6', host: '::1' });
      assert.equal(await six.ask('6', ['::1', port]), '6');
      assert.deepEqual(clients, ['::ffff:127.0.0.1', '::1']);
      await server.socket.sendto('a plain IPv4 address', four.address);
      assert.equal((await four.next())[0].toString(), 'a plain IPv4 address');
    });

    it('leaves IPv4 to others with ipv6Only', { skip: !hasIPv6 }, async () => {
      await using six = new UDPServer(['::', 0], Echo, { engine, ipv6Only: true });
      await using four = new UDPServer(['0.0.0.0', six.serverAddress[1]], Echo);
      assert.equal(four.serverAddress[1], six.serverAddress[1]);
    });
  });

  describe(`a UDP server on the ${engineName} engine`, () => {
    it('is no TCP server', () => {
      assert.ok(!(UDPServer.prototype instanceof TCPServer));
    });

    it('handles datagrams one after the other, in their order', async () => {
      const steps: string[] = [];
      class Recording extends Echo {
        override async handle() {
          const name = this.request[0].toString();
          steps.push(`begin ${name}`);
          await new Promise(setImmediate);
          steps.push(`end ${name}`);
          await super.handle();
        }
      }
      await using server = new UDPServer(loopback, Recording, { engine });
      await using client = new DatagramClient();
      for (const name of ['a', 'b', 'c']) await client.send(name, server.serverAddress);
      await using _ = serving(server);
      for (const name of ['a', 'b', 'c']) assert.equal((await client.next())[0].toString(), name);
      assert.deepEqual(steps, ['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
    });

    it('handles one datagram by handleRequest(), and leaves the next', async () => {
      await using server = new UDPServer(loopback, Echo, { engine });
      await using client = new DatagramClient();
      await client.send('one', server.serverAddress);
      await client.send('two', server.serverAddress);
      await server.handleRequest();
      assert.equal((await client.next())[0].toString(), 'one');
      await server.handleRequest();
      assert.equal((await client.next())[0].toString(), 'two');
    });

    it('calls handleTimeout when handleRequest() gets no datagram in time', async () => {
      class Patient extends UDPServer {
        override handleTimeout() {
          return 'nobody came';
        }
      }
      await using server = new Patient(loopback, Echo, { engine, timeout: 0.01 });
      assert.equal(await server.handleRequest(), 'nobody came');
    });

    it('forgets the datagrams that wait when it is closed', async () => {
      let handled = 0;
      const begun = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      class Counting extends BaseRequestHandler<DatagramRequest> {
        override async handle() {
          handled += 1;
          begun.resolve();
          await goOn.promise;
        }
      }
      const server = new UDPServer(loopback, Counting, { engine });
      const loop = server.serveForever();
      await using client = new DatagramClient();
      for (let count = 0; count < 5; count += 1) await client.send('?', server.serverAddress);
      await begun.promise;
      const closed = server.serverClose();
      goOn.resolve();
      await Promise.all([closed, loop]);
      assert.equal(handled, 1);
    });

    it('closes while nobody has served it, with datagrams waiting', async () => {
      const server = new UDPServer(loopback, Echo, { engine });
      await using client = new DatagramClient();
      await client.send('?', server.serverAddress);
      await server.serverClose();
      assert.equal(server.fileno(), -1);
      await assert.rejects(server.handleRequest(), { code: 'SERVER_CLOSED' });
    });

    it('cuts a datagram at maxPacketSize, says so to its handler, and publishes it', async (test) => {
      const events: unknown[] = [];
      const listen = (event: unknown) => events.push(event);
      subscribe('socketserver:datagram:truncated', listen);
      test.after(() => unsubscribe('socketserver:datagram:truncated', listen));
      class Report extends BaseRequestHandler<DatagramRequest> {
        override async handle() {
          const [data, socket, isTruncated] = this.request;
          await socket.sendto(`${data.toString()} ${isTruncated}`, this.clientAddress);
        }
      }
      class Small extends UDPServer {
        static override readonly maxPacketSize = 4;
      }
      await using server = new Small(loopback, Report, { engine });
      await using _ = serving(server);
      await using client = new DatagramClient();
      assert.equal(await client.ask('1234', server.serverAddress), '1234 false');
      assert.equal(await client.ask('12345', server.serverAddress), '1234 true');
      const expected: DatagramTruncatedEvent = {
        serverAddress: server.serverAddress,
        clientAddress: client.address,
        maxPacketSize: 4,
      };
      assert.deepEqual(events, [expected]);
    });

    it('keeps 8,192 bytes unless told otherwise, and an option wins over the class', async () => {
      class Small extends UDPServer {
        static override readonly maxPacketSize = 4;
      }
      await using server = new UDPServer(loopback, Echo, { engine });
      await using small = new Small(loopback, Echo, { engine, maxPacketSize: 5 });
      assert.equal(server.maxPacketSize, 8_192);
      assert.equal(small.maxPacketSize, 5);
    });

    it('leaves the number of descriptors as it was when its constructor fails 1,024 times', async () => {
      await using server = new UDPServer(loopback, Echo, { engine });
      const before = readdirSync('/proc/self/fd').length;
      for (let count = 0; count < 512; count += 1) {
        assert.throws(() => new UDPServer(server.serverAddress, Echo, { engine }), { code: 'EADDRINUSE' });
        assert.throws(() => new UDPServer(loopback, Echo, { engine, multicast: { groups: ['127.0.0.1'] } }), {
          code: 'EINVAL',
        });
      }
      assert.equal(readdirSync('/proc/self/fd').length, before);
    });

    it('refuses wrong options by name', () => {
      const wrong = (options: object, message: RegExp) =>
        assert.throws(() => new UDPServer(loopback, Echo, { engine, ...options }), {
          name: 'TypeError',
          message,
        });
      wrong({ maxPacketSize: 0 }, /options\.maxPacketSize must be an integer from 1/);
      wrong({ requestQueueSize: 5 }, /options must have only the keys .*, got requestQueueSize/);
      wrong({ limits: { maxPending: 0 } }, /options\.limits\.maxPending must be an integer from 1/);
      wrong(
        { limits: { whenFull: 'refuse' } },
        /options\.limits\.whenFull must be one of 'drop-oldest', 'drop-newest'/,
      );
      wrong(
        { multicast: { groups: ['localhost'] } },
        /options\.multicast\.groups must be an array of IP addresses/,
      );
      wrong({ multicast: { ttl: 256 } }, /options\.multicast\.ttl must be an integer from 0 to 255/);
    });

    it('asks the kernel for larger buffers', async () => {
      await using server = new UDPServer(loopback, Echo, {
        engine,
        receiveBufferBytes: 65_536,
        sendBufferBytes: 65_536,
      });
      await using _ = serving(server);
      await using client = new DatagramClient();
      assert.equal(await client.ask('?', server.serverAddress), '?');
    });
  });

  describe(`a UDP server on the ${engineName} engine that sends to many`, () => {
    it('may send to a broadcast address only where the option says so', async () => {
      const everyone = ['255.255.255.255', 9] as const;
      await using plain = new UDPServer(['0.0.0.0', 0], Echo, { engine });
      await assert.rejects(plain.socket.sendto('?', everyone), { code: 'EACCES' });
      await using loud = new UDPServer(['127.0.0.1', 0], Echo, { engine, broadcast: true });
      await using _ = serving(loud);
      await loud.socket.sendto('?', ['127.255.255.255', 9]);
    });

    it('joins multicast groups, and hears what is sent to them', async () => {
      const group = '239.255.7.7';
      await using server = new UDPServer(['0.0.0.0', 0], Echo, {
        engine,
        multicast: { groups: [group], interface: '127.0.0.1', ttl: 0, loopback: true },
      });
      await using _ = serving(server);
      await using client = new DatagramClient();
      client.socket.setMulticastInterface('127.0.0.1');
      assert.equal(await client.ask('all of you', [group, server.serverAddress[1]]), 'all of you');
      server.socket.dropMembership(group, '127.0.0.1');
      assert.throws(() => server.socket.dropMembership(group, '127.0.0.1'), { code: 'EADDRNOTAVAIL' });
      server.socket.addMembership(group, '127.0.0.1');
      assert.equal(await client.ask('again', [group, server.serverAddress[1]]), 'again');
    });
  });
}
