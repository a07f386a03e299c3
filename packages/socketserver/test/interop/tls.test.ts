import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { after, describe, it } from 'node:test';
import { ConcurrentTLSServer, StreamRequestHandler, type TLSOptions } from '../../src/index.ts';
import { serving } from '../support/serving.ts';
import { TestAuthority } from '../support/tls-material.ts';

const authority = new TestAuthority();
after(() => authority[Symbol.dispose]());
const local = authority.issue('localhost', { names: 'DNS:localhost,IP:127.0.0.1' });
const other = authority.issue('other.example.org');
const alice = authority.issue('alice');
const identity = { cert: { file: local.certFile }, key: { file: local.keyFile } };
const ca = authority.certFile;

/** Answers each line with the line and what is known about the client, until that says goodbye. */
class Tell extends StreamRequestHandler {
  override async handle() {
    const { protocol, serverName, alpnProtocol, resumed, peerCertificate } = this.request.tls!;
    const facts = { protocol, serverName, alpnProtocol, resumed, peer: peerCertificate?.subject };
    for await (const bytes of this.rfile) {
      const line = bytes.toString().trim();
      if (line === 'bye') return;
      await this.wfile.write(`${JSON.stringify({ line, ...facts })}\n`);
    }
  }
}

/** Just enough of HTTP. [RFC 9112] */
class Hello extends StreamRequestHandler {
  override async handle() {
    const request = (await this.rfile.readline()).toString();
    while ((await this.rfile.readline()).length > 2);
    const body = `hello over ${this.request.tls?.protocol}: ${request.trim()}\n`;
    await this.wfile.write(
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  }
}

function serve(Handler: typeof Tell | typeof Hello, tls: Partial<TLSOptions> = {}) {
  const server = new ConcurrentTLSServer(['127.0.0.1', 0], Handler, { tls: { ...identity, ...tls } });
  return { server, port: server.serverAddress[1], serving: serving(server) };
}

/** Runs a program; resolves with its output, rejects when it fails. */
function run(program: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(Object.assign(error, { message: `${error.message}\n${stdout}\n${stderr}` }));
    });
    child.stdin!.on('error', () => {}); // it may end before it has read everything
    child.stdin!.end(input);
  });
}

const isMissing = (program: string) => spawnSync(program, ['--version']).error !== undefined;
const parse = (line: string) => JSON.parse(line) as Record<string, unknown>;

describe('openssl s_client', { skip: isMissing('openssl') }, () => {
  /** With `-quiet` the program stays until the server ends the connection. */
  const client = (port: number, ...args: readonly string[]) =>
    run(
      'openssl',
      [
        's_client',
        '-connect',
        `127.0.0.1:${port}`,
        '-CAfile',
        ca,
        '-verify_return_error',
        '-verify_hostname',
        'localhost',
        ...args,
      ],
      'hello\nbye\n',
    );

  for (const [flag, protocol] of [
    ['-tls1_2', 'TLSv1.2'],
    ['-tls1_3', 'TLSv1.3'],
  ] as const) {
    it(`speaks ${protocol} with the server and believes its certificate`, async () => {
      const { port, serving: _serving } = serve(Tell, { alpnProtocols: ['tell/1'] });
      await using _ = _serving;
      const answer = parse(
        await client(port, '-quiet', flag, '-alpn', 'other/1,tell/1', '-servername', 'localhost'),
      );
      assert.deepEqual(answer, {
        line: 'hello',
        protocol,
        serverName: 'localhost',
        alpnProtocol: 'tell/1',
        resumed: false,
      });
    });

    it(`resumes its session over ${protocol}`, async () => {
      const { port, serving: _serving } = serve(Tell);
      await using _ = _serving;
      const file = authority.path(`session-${protocol}.pem`);
      const quiet = [flag, '-quiet'];
      assert.equal(parse(await client(port, ...quiet, '-sess_out', file))['resumed'], false);
      assert.equal(parse(await client(port, ...quiet, '-sess_in', file))['resumed'], true);
    });
  }

  it('resumes its session five times over TLS 1.2 with -reconnect', async () => {
    const { port, serving: _serving } = serve(Tell);
    await using _ = _serving;
    const report = await client(port, '-tls1_2', '-reconnect');
    assert.equal(report.match(/^Reused, TLSv1\.2/gm)?.length, 5);
  });

  it('gets the certificate of the host that it names', async () => {
    const { port, serving: _serving } = serve(Tell, {
      sni: { 'other.example.org': { cert: other.cert, key: other.key } },
    });
    await using _ = _serving;
    const report = await run(
      'openssl',
      [
        's_client',
        '-connect',
        `127.0.0.1:${port}`,
        '-CAfile',
        ca,
        '-servername',
        'other.example.org',
        '-verify_return_error',
        '-verify_hostname',
        'other.example.org',
      ],
      'hello\n',
    );
    assert.match(report, /subject=CN = other\.example\.org/);
    assert.match(report, /Verify return code: 0/);
  });

  it('shows its certificate where the server requires one, and is refused without', async () => {
    const { port, serving: _serving } = serve(Tell, {
      clientCertificates: { mode: 'require', ca: { file: ca } },
    });
    await using _ = _serving;
    const answer = parse(await client(port, '-quiet', '-cert', alice.certFile, '-key', alice.keyFile));
    assert.equal(answer['peer'], 'CN=alice');
    await assert.rejects(client(port, '-tls1_2', '-quiet'), /handshake failure/);
    await assert.rejects(client(port, '-tls1_3', '-quiet'), /certificate required/);
  });
});

describe("Python's ssl", { skip: isMissing('python3') }, () => {
  const python = (script: string, port: number) => run('python3', ['-c', script, String(port), ca]);
  const preamble = `
import socket, ssl, sys
port, ca = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context(cafile=ca)
def connect():
    return context.wrap_socket(socket.create_connection(('127.0.0.1', port)), server_hostname='localhost')
`;

  it('exchanges lines, and says goodbye in both directions', async () => {
    const { port, serving: _serving } = serve(Tell);
    await using _ = _serving;
    const script = `${preamble}
with connect() as tls:
    tls.sendall(b'one\\ntwo\\n')
    file = tls.makefile('rb')
    print(file.readline().decode(), file.readline().decode(), end='')
    print(type(tls.unwrap()).__name__)
`;
    const [one, two, goodbye] = (await python(script, port)).trim().split(/\s*\n\s*/);
    assert.equal(parse(one!)['line'], 'one');
    assert.equal(parse(two!)['line'], 'two');
    assert.equal(goodbye, 'SSLSocket');
  });

  it('gets 8 MiB back whole, while it sends', async () => {
    class Echo extends Tell {
      override async handle() {
        for await (const bytes of this.request) await this.request.sendall(bytes);
      }
    }
    const { port, serving: _serving } = serve(Echo);
    await using _ = _serving;
    // In one thread: an SSLSocket of this Python may not be used by two at once.
    const script = `${preamble}
import select
data = bytes(range(256)) * 32768
received, sent = bytearray(), 0
with connect() as tls:
    tls.setblocking(False)
    while len(received) < len(data):
        moved = False
        try:
            received += tls.recv(65536)
            moved = True
        except ssl.SSLWantReadError: pass
        try:
            if sent < len(data):
                sent += tls.send(data[sent:sent + 65536])
                moved = True
        except ssl.SSLWantWriteError: pass
        if not moved: select.select([tls], [tls] if sent < len(data) else [], [])
    print(received == data)
`;
    assert.equal((await python(script, port)).trim(), 'True');
  });
});

describe('curl', { skip: isMissing('curl') }, () => {
  it('makes an HTTPS request of a handler of 6 lines', async () => {
    const { port, serving: _serving } = serve(Hello);
    await using _ = _serving;
    const args = ['--silent', '--show-error', '--fail', '--cacert', ca, `https://localhost:${port}/path`];
    assert.equal(await run('curl', [...args, '--http1.1']), 'hello over TLSv1.3: GET /path HTTP/1.1\n');
    assert.equal(
      await run('curl', [...args, '--http1.1', '--tls-max', '1.2']),
      'hello over TLSv1.2: GET /path HTTP/1.1\n',
    );
  });

  it('is refused when it speaks plain HTTP, and others are served', async () => {
    const { port, serving: _serving } = serve(Hello);
    await using _ = _serving;
    await assert.rejects(
      run('curl', ['--silent', '--show-error', `http://127.0.0.1:${port}/`]),
      /curl: \((52|56)\)/,
    );
    await run('curl', ['--silent', '--cacert', ca, `https://localhost:${port}/`]);
  });
});
