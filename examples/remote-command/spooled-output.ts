import { type FileHandle, open, unlink } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes held in memory; more than that goes to a temporary file, in blocks of this size. */
const blockBytes = 262_144;

/**
 * Bytes that are written once and then read once, in a bounded amount of memory: what does not fit into one
 * block lies in a temporary file. The file has no name from the moment it is open, so nothing can leave it behind.
 *
 * @see CPython `tempfile.SpooledTemporaryFile`
 */
export class SpooledOutput implements AsyncDisposable {
  #block: Buffer | undefined;
  #heldBytes = 0;
  #file: FileHandle | undefined;
  #fileBytes = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#fileBytes + this.#heldBytes;
  }

  /** Appends a copy of `bytes`. One call at a time. @throws the system's error, such as `ENOSPC`. */
  async write(bytes: Buffer): Promise<void> {
    this.#block ??= Buffer.allocUnsafe(blockBytes);
    for (let rest = bytes; rest.length > 0;) {
      const copied = rest.copy(this.#block, this.#heldBytes);
      this.#heldBytes += copied;
      rest = rest.subarray(copied);
      if (this.#heldBytes === blockBytes) await this.#spill(this.#block);
    }
  }

  /** Yields everything, in order; each piece is valid until the next one is asked for. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    if (this.#file !== undefined) {
      const piece = Buffer.allocUnsafe(blockBytes);
      for (let position = 0; position < this.#fileBytes; position += blockBytes) {
        await this.#file.read(piece, 0, blockBytes, position);
        yield piece;
      }
    }
    if (this.#heldBytes > 0) yield this.#block!.subarray(0, this.#heldBytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }

  async #spill(block: Buffer): Promise<void> {
    this.#file ??= await openNamelessFile();
    await this.#file.writeFile(block);
    this.#fileBytes += blockBytes;
    this.#heldBytes = 0;
  }
}

/** Opens a file that only this descriptor leads to: the system frees it with the descriptor. [unlink(2)] */
async function openNamelessFile(): Promise<FileHandle> {
  const path = join(tmpdir(), `remote-command-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}
