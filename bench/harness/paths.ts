import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A file of `bench/`, by its path in there. */
export function benchFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** A file that the benchmark makes. */
export function buildFile(path: string): string {
  return benchFile(`build/${path}`);
}

/** The Bun that `setup.sh` installed, or else the one on the path. */
export function bunProgram(): string {
  const installed = benchFile(
    `node_modules/@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : 'x64'}/bin/bun`,
  );
  return existsSync(installed) ? installed : 'bun';
}
