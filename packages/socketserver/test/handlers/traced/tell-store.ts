// Handlers that answer with what is in the store; this module does not bind it to their request.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BaseRequestHandler, DatagramRequestHandler } from '../../../src/index.ts';
import { requestStore } from './request-store.ts';

export class TellStore extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await this.request.recv(1);
    await nextTurn();
    await this.request.sendall(requestStore.getStore() ?? 'nothing');
  }
}

export class TellDatagramStore extends DatagramRequestHandler {
  static override readonly module = import.meta.url;

  override async handle() {
    await nextTurn();
    this.wfile.write(requestStore.getStore() ?? 'nothing');
  }
}
