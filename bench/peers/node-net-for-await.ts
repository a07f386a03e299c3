/** Raw `node:net` with `for await`: what an async handler costs on a plain stream. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { announce, readServerCommand } from './command-line.ts';

const command = readServerCommand();

async function echo(socket: Socket): Promise<void> {
  const chunks: AsyncIterable<Buffer> = socket;
  for await (const chunk of chunks) {
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.end();
}

async function lines(socket: Socket): Promise<void> {
  let rest = '';
  socket.setEncoding('latin1');
  for await (const chunk of socket) {
    const pieces = (rest + String(chunk)).split('\n');
    rest = pieces.pop() ?? '';
    for (const line of pieces) {
      if (!socket.write(`${line}\n`, 'latin1')) await once(socket, 'drain');
    }
  }
  socket.end();
}

const serve = { echo, lines }[command.workload];
if (serve === undefined) throw new Error(`node-net-for-await does not serve ${command.workload}`);

const server = createServer({ noDelay: true }, (socket) => {
  serve(socket).catch(() => socket.destroy());
});
server.listen({ host: '127.0.0.1', port: command.port, backlog: 1024 }, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') announce(address.port);
});
