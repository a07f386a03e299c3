import process from 'node:process';
import { BaseRequestHandler } from '../../src/index.ts';

/** Greets, and takes its worker down when it is told anything. */
export class Reckless extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.request.sendall('hello');
    if ((await this.request.recv(16)).length > 0) process.exit(3);
  }
}
