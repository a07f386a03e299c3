import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { chooseEngine } from '../../../src/engine/choose-engine.ts';
import type { News, Order } from './other-thread.ts';

const engine = chooseEngine(workerData as 'node' | 'native');

/** Adopts a connection, and does with it what the other thread says; each delivery is asked for by itself. */
parentPort!.on('message', ({ port, message }: { readonly port: MessagePort; readonly message: unknown }) => {
  const connection = engine.adopt({ message });
  const tell = (news: News): void => port.postMessage(news);
  const sink = {
    received(bytes: Buffer) {
      tell({ kind: 'received', bytes });
      return false;
    },
    ended: () => tell({ kind: 'ended' }),
    drained: () => {},
    closed: (error: NodeJS.ErrnoException | undefined) => tell({ kind: 'closed', code: error?.code }),
  };
  port.on('message', (order: Order) => {
    if (order.kind === 'start') connection.start(sink);
    else if (order.kind === 'write') connection.write(order.bytes);
    else connection[order.kind]();
  });
});
