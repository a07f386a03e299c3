/** What a bundler makes of the client runs where nothing is installed. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { temporaryFolder } from '../support/commands.ts';
import { Program } from '../support/program.ts';
import { startServer } from '../support/servers.ts';

const built = fileURLToPath(new URL('../../dist/client/index.js', import.meta.url));

/** Runs a command on each address that it is given. */
const program = (source: string): string => `
  import { connect } from '${source}';

  const [configFolder, ...addresses] = process.argv.slice(2);
  for (const address of addresses) {
    const client = await connect(address, { configFolder, hostKeys: 'accept-new' });
    const { stdout, exitCode } = await client.exec('sh', ['-c', 'tr a-z A-Z; exit 3'], { input: 'bundled', reject: false });
    console.log(stdout, exitCode);
    await client.close();
  }
`;

describe('the client in one file', { skip: existsSync(built) ? false : 'run npm run build' }, () => {
  for (const source of ['rcmd/client', 'rcmd']) {
    it(`runs commands from an empty folder, on a Unix socket and over TLS: ${source}`, async () => {
      await using started = await startServer({
        listen: (socket) => [`unix:${socket}`, '127.0.0.1:0'],
        authorize: () => true,
      });
      using folder = temporaryFolder();
      const file = join(folder.path, 'program.mjs');
      const { outputFiles } = await build({
        stdin: { contents: program(source), resolveDir: import.meta.dirname },
        bundle: true,
        format: 'esm',
        platform: 'node',
        target: 'node24',
        write: false,
        logLevel: 'silent',
      });
      writeFileSync(file, outputFiles[0]!.contents);
      const config = join(folder.path, 'config'); // where it makes a key of its own
      const env = { PATH: process.env['PATH'], HOME: folder.path };
      const command = [process.execPath, file, config, ...started.server.addresses];
      await using running = new Program(command, env);
      const { stdout, stderr } = await running.finish();
      assert.deepEqual([stdout, stderr], ['BUNDLED 3\nBUNDLED 3\n', '']);
      assert.ok(existsSync(join(config, 'identity.pem')));
    });
  }
});
