import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { announce, type ServerCommand } from './command-line.ts';

const backlog = 1024;

/** Listens as the command line says, on Node's own servers, and says where. */
export function listen(command: ServerCommand, onConnection: (socket: Socket) => void): void {
  const server = createNodeServer(command, onConnection);
  server.listen(
    command.transport === 'unix'
      ? { path: command.path, backlog }
      : { host: '127.0.0.1', port: command.port, backlog },
    () => {
      const address = server.address();
      announce(address !== null && typeof address === 'object' ? address.port : command.path);
    },
  );
}

function createNodeServer(command: ServerCommand, onConnection: (socket: Socket) => void): Server {
  const options = { noDelay: true, allowHalfOpen: command.workload === 'sink' };
  if (command.transport !== 'tls') return createServer(options, onConnection);
  return createTlsServer(
    { ...options, cert: readFileSync(command.cert), key: readFileSync(command.key) },
    onConnection,
  );
}
