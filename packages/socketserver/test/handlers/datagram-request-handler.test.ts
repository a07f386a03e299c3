import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DatagramRequestHandler, type ServerView, type SocketAddress, UDPServer } from '../../src/index.ts';
import { captureStderr } from '../support/capture-stderr.ts';
import { DatagramClient } from '../support/datagram-client.ts';
import { serving } from '../support/serving.ts';

const loopback = ['127.0.0.1', 0] as const;

type HandlerClass = typeof DatagramRequestHandler<SocketAddress, ServerView>;

/** Serves one class and asks it these things; gives all the replies that come. */
async function replies(Handler: HandlerClass, packets: readonly string[]): Promise<string[]> {
  class WithFence extends Handler {
    override async finish() {
      await super.finish();
      if (this.packet.toString() === 'fence') await this.socket.sendto('fence', this.clientAddress);
    }
  }
  await using server = new UDPServer(loopback, WithFence);
  await using _ = serving(server);
  await using client = new DatagramClient();
  for (const packet of [...packets, 'fence']) await client.send(packet, server.serverAddress);
  const texts: string[] = [];
  for (;;) {
    const [data] = await client.next();
    if (data.toString() === 'fence') return texts;
    texts.push(data.toString());
  }
}

describe('a DatagramRequestHandler', () => {
  it('has the packet, the socket and the files over them', async () => {
    class Lines extends DatagramRequestHandler {
      override async handle() {
        if (this.packet.toString() === 'fence') return;
        assert.equal(this.packet, this.request[0]);
        assert.equal(this.socket, this.request[1]);
        assert.equal(this.isTruncated, false);
        this.wfile.write(this.rfile.readline());
        for await (const line of this.rfile) this.wfile.write(`[${line.toString()}]`);
      }
    }
    assert.deepEqual(await replies(Lines, ['one\ntwo\nthree']), ['one\n[two\n][three]']);
  });

  it('sends what was written as one datagram', async () => {
    class Twice extends DatagramRequestHandler {
      override handle() {
        if (this.packet.toString() === 'fence') return;
        this.wfile.write(this.packet);
        this.wfile.write(this.packet);
      }
    }
    assert.deepEqual(await replies(Twice, ['ab', 'c']), ['abab', 'cc']);
  });

  it('sends nothing when nothing was written', async () => {
    class Silent extends DatagramRequestHandler {}
    assert.deepEqual(await replies(Silent, ['a', 'b']), []);
  });

  it('sends an empty datagram when an empty piece was written', async () => {
    class Echo extends DatagramRequestHandler {
      override handle() {
        if (this.packet.toString() !== 'fence') this.wfile.write(this.packet);
      }
    }
    assert.deepEqual(await replies(Echo, ['']), ['']);
  });

  it('sends the part of the reply that was written when handle throws', async () => {
    class Failing extends DatagramRequestHandler {
      override handle() {
        if (this.packet.toString() === 'fence') return;
        this.wfile.write('part');
        throw new Error('and no more');
      }
    }
    using stderr = captureStderr();
    assert.deepEqual(await replies(Failing, ['?']), ['part']);
    assert.match(stderr.text(), /Error: and no more/);
  });

  it('keeps what was written, whatever happens to the memory it came from', async () => {
    class Reusing extends DatagramRequestHandler {
      override handle() {
        if (this.packet.toString() === 'fence') return;
        const bytes = Buffer.from('first');
        this.wfile.write(bytes);
        bytes.fill('x');
      }
    }
    assert.deepEqual(await replies(Reusing, ['?']), ['first']);
  });

  it('reports a reply that is too long for a datagram', async () => {
    class Verbose extends DatagramRequestHandler {
      override handle() {
        if (this.packet.toString() !== 'fence') this.wfile.write(Buffer.alloc(65_508));
      }
    }
    using stderr = captureStderr();
    assert.deepEqual(await replies(Verbose, ['?']), []);
    assert.match(stderr.text(), /send EMSGSIZE 127\.0\.0\.1/);
  });
});
