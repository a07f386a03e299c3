import { BoundSocket } from 'node:net';

/** A port of 127.0.0.1 where nobody listens, and nobody else can: it is bound for the length of a block. [Node: net.BoundSocket] */
export function closedPort(): Disposable & { readonly port: number } {
  const bound = new BoundSocket({ host: '127.0.0.1', port: 0 });
  return { port: bound.address().port, [Symbol.dispose]: () => bound.close() };
}
