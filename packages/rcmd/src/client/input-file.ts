import { close, constants, fstat, open, readv, type Stats, stat } from 'node:fs';
import { promisify } from 'node:util';
import { RcmdError } from '../errors.ts';
import type { OutgoingStream } from '../link/outgoing-stream.ts';
import { shareFrameMemory, takeFrameMemory } from '../protocol/frame-memory.ts';

/** Frames that one read fills: with fewer it is the threads of the file system that take the time. */
const framesPerRead = 4;

/** Devices whose bytes are always there. */
const readyDevices = ['/dev/null', '/dev/zero', '/dev/urandom'];

const openFile = promisify(open);
const closeFile = promisify(close);
const statOf = promisify(stat);
const statOfOpen = promisify(fstat);
const readInto = promisify(readv);

/** A file that a command is to read, open: whoever has opened it feeds it to the command, or disposes of it. */
export class InputFile implements AsyncDisposable {
  readonly #fd: number;

  /** Made by {@link open}. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Opens a file that can be read without waiting for anybody. What may wait (a FIFO, a terminal) would hold up one of the few threads that all files
   * of this process share.
   *
   * @throws the system's error (`ENOENT`, `EACCES`); RcmdError with the code `EISDIR` for a folder, `NOT_A_FILE` for anything else.
   */
  static async open(path: string | URL): Promise<InputFile> {
    const { O_NOCTTY, O_NONBLOCK, O_RDONLY } = constants;
    // Of a FIFO nobody may be at the other end, and a terminal must not become that of this process. [open(2)]
    const fd = await openFile(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    const file = new InputFile(fd);
    try {
      await requireReady(await statOfOpen(fd), String(path));
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
    return file;
  }

  /**
   * Gives it to a command, as fast as that reads, and then the end; stops when it reads no more. The file is read into the frames that go
   * out, so that nothing is copied, the next ones while the ones before are sent. Closes it.
   *
   * @throws the system's error.
   */
  async feed(stdin: OutgoingStream): Promise<void> {
    let reading = readFrames(this.#fd);
    try {
      for (let frames = await reading; frames.length > 0; frames = await reading) {
        reading = readFrames(this.#fd);
        reading.catch(() => {}); // who awaits it learns of it
        for (const frame of frames) if (!(await sendFrame(frame, stdin))) return;
      }
      stdin.end();
    } finally {
      await reading.catch(() => {});
      await this[Symbol.asyncDispose]();
    }
  }

  /** Closes what was not fed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await closeFile(this.#fd);
  }
}

async function requireReady(stats: Stats, path: string): Promise<void> {
  if (stats.isFile() || (stats.isCharacterDevice() && (await isReadyDevice(stats)))) return;
  if (stats.isDirectory()) {
    throw new RcmdError('EISDIR', `inputFile must be a file, got the folder ${JSON.stringify(path)}`);
  }
  throw new RcmdError(
    'NOT_A_FILE',
    `inputFile must be a regular file, got ${kindOf(stats)}, ${JSON.stringify(path)}: use input, with a stream of it`,
  );
}

async function isReadyDevice({ rdev }: Stats): Promise<boolean> {
  for (const device of readyDevices) if ((await statOf(device)).rdev === rdev) return true;
  return false;
}

function kindOf(stats: Stats): string {
  return stats.isFIFO() ? 'a pipe' : 'a device';
}

/** @returns none at the end of the file. */
async function readFrames(fd: number): Promise<Buffer[]> {
  const memories = Array.from({ length: framesPerRead }, takeFrameMemory);
  const { bytesRead } = await readInto(fd, memories);
  const frames: Buffer[] = [];
  for (let left = bytesRead; left > 0; left -= frames.at(-1)!.length)
    frames.push(memories[frames.length]!.subarray(0, left));
  return frames;
}

/** @returns whether the command still wants more. */
async function sendFrame(frame: Buffer, stdin: OutgoingStream): Promise<boolean> {
  for (let sent = 0; sent < frame.length;) {
    const room = await stdin.room();
    if (room === 0) return false;
    const piece = frame.subarray(sent, sent + room);
    sent += piece.length;
    if (sent < frame.length) shareFrameMemory(piece);
    await stdin.send(piece);
  }
  return true;
}
