import { BaseRequestHandler } from 'socketserver';
import { burnFiveMilliseconds } from '../../peers/burn.ts';

/** An echo that computes for 5 ms before it answers. */
export class Burn extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    for (;;) {
      const data = await this.request.recv(65536);
      if (data.length === 0) return;
      burnFiveMilliseconds();
      await this.request.sendall(data);
    }
  }
}
