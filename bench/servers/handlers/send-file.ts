import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseRequestHandler } from 'socketserver';

const fileBytes = 64 * 1024 * 1024;

/** One file for the whole process, in the page cache: what is measured is the sending, not the disk. */
let file: Promise<FileHandle> | undefined;

async function openFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'socketserver-bench-'));
  const handle = await open(join(folder, 'file'), 'wx+');
  await rm(folder, { recursive: true }); // its bytes live as long as the handle
  await handle.writeFile(Buffer.alloc(fileBytes, 'x'));
  return handle;
}

/** Sends as many bytes of a file as the client's line asks for. */
export class SendFile extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    const order = await this.request.recv(64);
    file ??= openFile();
    for (let left = Number(order.toString()); left > 0; left -= fileBytes) {
      await this.request.sendfile(await file, { length: Math.min(left, fileBytes) });
    }
  }
}
