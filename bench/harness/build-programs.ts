import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { benchFile, buildFile } from './paths.ts';

const run = promisify(execFile);
const DEADLINE_MS = 120_000;
const C_FLAGS = ['-std=gnu11', '-O2', '-Wall', '-Wextra'];

/** A program that could not be built, and why, in one line. */
export interface BuildFailure {
  readonly program: string;
  readonly reason: string;
}

/**
 * Compiles the load generator and the peers that need compiling, and makes a certificate, into `bench/build/`.
 *
 * @throws when the load generator does not compile: nothing can be measured without.
 * @returns the peers that could not be built; they will be skipped.
 */
export async function buildPrograms(): Promise<BuildFailure[]> {
  await mkdir(buildFile('.'), { recursive: true });
  const sources = readdirSync(benchFile('load')).filter((file) => file.endsWith('.c'));
  await run(
    'gcc',
    [...C_FLAGS, '-o', buildFile('load'), ...sources.map((file) => benchFile(`load/${file}`))],
    {
      timeout: DEADLINE_MS,
    },
  );
  const steps: [program: string, command: string[]][] = [
    ['epoll.c', ['gcc', ...C_FLAGS, '-o', buildFile('epoll'), benchFile('peers/epoll.c')]],
    ['echo.go', ['go', 'build', '-o', buildFile('echo-go'), benchFile('peers/echo.go')]],
    ['the TLS certificate', certificateCommand()],
  ];
  const failures: BuildFailure[] = [];
  for (const [program, [command = '', ...args]] of steps) {
    try {
      await run(command, args, { timeout: DEADLINE_MS });
    } catch (error) {
      failures.push({ program, reason: String(error).split('\n')[0] ?? '' });
    }
  }
  return failures;
}

export const certificate = { cert: buildFile('cert.pem'), key: buildFile('key.pem') };

/** A self-signed P-256 certificate for loopback, made once. */
function certificateCommand(): string[] {
  if (existsSync(certificate.cert) && existsSync(certificate.key)) return ['true'];
  const request =
    'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 3650';
  return [...request.split(' '), '-keyout', certificate.key, '-out', certificate.cert];
}
