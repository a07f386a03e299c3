import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'socketserver';
import { RunningProgram } from './running-program.ts';

const directory = mkdtempSync(join(tmpdir(), 'socketserver-smtp-'));
const cert = join(directory, 'cert.pem');
const key = join(directory, 'key.pem');

describe('the STARTTLS example', () => {
  let program: RunningProgram;
  let port: number;

  before(async () => {
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', ...kind, ...names, ...files], { stdio: 'ignore' });
    program = RunningProgram.example('smtp-starttls.ts', ['--cert', cert, '--key', key, '--port', 0]);
    const [, digits] = await program.stdout.waitFor(/SMTP server on 127\.0\.0\.1:(\d+)\n/);
    port = Number(digits);
  });
  after(() => program[Symbol.asyncDispose]());
  after(() => rmSync(directory, { recursive: true }));

  it("takes mail from Python's smtplib, once that has encrypted", async () => {
    await using client = RunningProgram.peer('smtp_client.py', [port, cert]);
    const { code, stdout, stderr } = await client.ended();
    assert.equal(stderr, '');
    assert.equal(stdout, 'offers starttls: True\nin plain text: 530\nwith TLSv1.3\nstarttls again: 503\n');
    assert.equal(code, 0);
    await program.stdout.waitFor(
      /<alice@example\.org> to <bob@example\.org>, <carol@example\.org>: \d+ bytes over TLSv1\.3\n/,
    );
  });

  for (const version of ['-tls1_2', '-tls1_3']) {
    it(`serves openssl s_client ${version}`, async () => {
      const trust = ['-CAfile', cert, '-verify_return_error', '-verify_hostname', 'localhost'];
      const to = ['-connect', `127.0.0.1:${port}`, '-starttls', 'smtp'];
      const command = ['openssl', 's_client', ...to, ...trust, '-quiet', '-crlf', version];
      await using client = new RunningProgram(command);
      client.write('EHLO me\n');
      await client.stdout.waitFor(/250 localhost\r\n/);
      client.write('QUIT\n');
      await client.stdout.waitFor(/221 bye\r\n/);
      assert.equal((await client.finish()).code, 0);
    });
  }

  it('never hears commands that were smuggled in before the handshake', async () => {
    await using client = await connect(['127.0.0.1', port]);
    await client.readline();
    await client.sendall('STARTTLS\r\nMAIL FROM:<mallory@example.org>\r\n');
    assert.match((await client.readline()).toString(), /^220 /);
    await assert.rejects(client.startTLS({ serverName: 'localhost', ca: { file: cert } }), {
      code: 'TLS_HANDSHAKE',
    });
    assert.doesNotMatch(program.stdout.text, /mallory/);
    assert.equal(program.stderr.text, '');
  });
});
