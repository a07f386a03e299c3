import { open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseRequestHandler } from 'socketserver';

/** Sends a file of as many bytes as the client's line asks for. */
export class SendFile extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    const order = await this.request.recv(64);
    const path = join(tmpdir(), `socketserver-bench-${process.pid}-${performance.now()}`);
    await using file = await open(path, 'wx+');
    await unlink(path); // its bytes live as long as the handle
    await file.truncate(Number(order.toString()));
    await this.request.sendfile(file);
  }
}
