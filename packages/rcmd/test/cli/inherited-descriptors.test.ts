import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { describe, it } from 'node:test';
import { Machine } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { Program } from '../support/program.ts';

describe('a descriptor that rcmd was started with', needs('bash'), () => {
  it('is not given to commands', async () => {
    using machine = new Machine();
    const host = `unix:${machine.file('run/s.sock')}`;
    const start = `exec 100</etc/passwd; exec ${machine.commandLine} serve --listen '${host}'`;
    await using server = new Program(['bash', '-c', start], machine.env);
    await server.stdout.until(/^listening on (.+)\n/m);
    const { stdout } = await machine.run(['exec', host, '--', 'readlink', '-q', '/proc/self/fd/100']);
    assert.equal(stdout, '');
  });

  it('is not given to those of a private server either', async () => {
    using machine = new Machine();
    const start = `exec 100</etc/passwd; echo 'readlink -q /proc/self/fd/100; echo it runs' | ${machine.commandLine}`;
    await using prompt = new Program(['bash', '-c', start], machine.env);
    assert.equal(await prompt.stdout.until(/^.*it runs\n/s).then(([text]) => text), 'it runs\n');
  });

  it('is closed only when Node has read its certificates, in a thread of its own', async () => {
    using machine = new Machine();
    const certificates = machine.file('certificates.pem');
    // So many that Node still reads when the server starts: a descriptor that is closed then ends it, or has them be no certificates.
    writeFileSync(certificates, `${rootCertificates.join('\n')}\n`.repeat(60));
    const input = 'echo it runs\n';
    const { code, stderr, stdout } = await machine.run([], {
      env: { NODE_EXTRA_CA_CERTS: certificates },
      input,
    });
    assert.deepEqual([code, stdout, stderr], [0, 'it runs\n', '']);
  });
});
