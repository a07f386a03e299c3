import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeFolder } from '../paths/make-folder.ts';
import type { PipeEnds, PipeSupply } from './pipe-supply.ts';

/** FIFOs that one `mkfifo` makes: its start costs as much as a command's own. */
const batchSize = 96;

/** A refill begins when fewer are left. */
const lowMark = 32;

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/**
 * Pipes from FIFOs, where the native package is not there: they are unlinked once both ends are open [fifo(7)]. What they lack: a command
 * that opens `/dev/stdin` by name after the end of its input waits for a writer that will never come, while with a
 * real pipe it reads the end.
 */
export class NamedPipes implements PipeSupply {
  readonly #directory: string;
  #paths: string[] = [];
  #made = 0;
  #refill: Promise<void> | undefined;

  /** @param directory - its own, made here; nobody else's business. */
  constructor(directory: string) {
    this.#directory = directory;
    makeFolder(directory);
  }

  has(count: number): boolean {
    if (this.#paths.length < lowMark) this.#startRefill().catch(() => {}); // reserve() tells
    return this.#paths.length >= count;
  }

  /** @throws the error of `mkfifo(1)`. */
  async reserve(count: number): Promise<void> {
    while (!this.has(count)) await this.#startRefill();
  }

  /** A pipe that the child writes to. There must be one: see {@link has}. */
  takeOutput(): PipeEnds {
    const path = this.#paths.pop()!;
    // A reader that does not block opens at once, and then the writer finds it there. [fifo(7)]
    return openBoth(path, () => {
      const ours = openSync(path, O_RDONLY | O_NONBLOCK);
      return { ours, childs: openOr(path, O_WRONLY, [ours]) };
    });
  }

  /** A pipe that the child reads from. There must be one: see {@link has}. */
  takeInput(): PipeEnds {
    const path = this.#paths.pop()!;
    return openBoth(path, () => {
      // Both sides at once, so that neither of the others waits for its peer. [fifo(7)]
      const opener = openSync(path, O_RDWR | O_NONBLOCK);
      try {
        const childs = openSync(path, O_RDONLY);
        return { ours: openOr(path, O_WRONLY | O_NONBLOCK, [childs]), childs };
      } finally {
        closeSync(opener);
      }
    });
  }

  /** Removes what was not taken. */
  async close(): Promise<void> {
    if (this.#refill !== undefined) await this.#refill.catch(() => undefined);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #startRefill(): Promise<void> {
    return (this.#refill ??= this.#make());
  }

  async #make(): Promise<void> {
    const first = this.#made;
    this.#made += batchSize;
    const paths = Array.from({ length: batchSize }, (_, index) =>
      join(this.#directory, String(first + index)),
    );
    try {
      await promisify(execFile)('mkfifo', ['-m', '600', ...paths]);
      this.#paths.push(...paths);
    } finally {
      this.#refill = undefined;
    }
  }
}

function openBoth(path: string, open: () => PipeEnds): PipeEnds {
  try {
    return open();
  } finally {
    unlinkSync(path);
  }
}

function openOr(path: string, flags: number, opened: readonly number[]): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    for (const fd of opened) closeSync(fd);
    throw error;
  }
}
