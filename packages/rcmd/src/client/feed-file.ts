import { close, open, readv } from 'node:fs';
import { promisify } from 'node:util';
import type { OutgoingStream } from '../link/outgoing-stream.ts';
import { shareFrameMemory, takeFrameMemory } from '../protocol/frame-memory.ts';

/** Frames that one read fills: with fewer it is the threads of the file system that take the time. */
const framesPerRead = 4;

const openFile = promisify(open);
const closeFile = promisify(close);
const readInto = promisify(readv);

/**
 * Gives a command a file to read, as fast as it does, and then the end; stops when it reads no more. The file is read into the
 * frames that go out, so that nothing is copied, the next ones while the ones before are sent.
 *
 * @throws the system's error: `ENOENT`, `EACCES`, `EISDIR` for a folder.
 */
export async function feedFile(path: string | URL, stdin: OutgoingStream): Promise<void> {
  const fd = await openFile(path, 'r');
  let reading = readFrames(fd);
  try {
    for (let frames = await reading; frames.length > 0; frames = await reading) {
      reading = readFrames(fd);
      reading.catch(() => {}); // who awaits it learns of it
      for (const frame of frames) if (!(await sendFrame(frame, stdin))) return;
    }
    stdin.end();
  } finally {
    await reading.catch(() => {});
    await closeFile(fd);
  }
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
