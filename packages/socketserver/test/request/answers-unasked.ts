import { BaseRequestHandler } from '../../src/index.ts';

/** More than the buffers of both kernels hold. */
export const answer = Buffer.alloc(8_388_608, 'a');

/** Answers without looking at what it is sent, and does not wait until the answer is out. */
export class AnswersUnasked extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override handle() {
    void this.request.sendall(answer);
  }
}
