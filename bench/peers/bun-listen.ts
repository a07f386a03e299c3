/** `Bun.listen`, run by Bun. The part of its types that is used is declared here, since Bun is not installed with us. */
import { announce, readServerCommand } from './command-line.ts';

interface BunSocket {
  data: { held: Uint8Array };
  write(bytes: Uint8Array): number;
  end(): void;
}

interface BunHandlers {
  open(socket: BunSocket): void;
  data(socket: BunSocket, bytes: Uint8Array): void;
  drain(socket: BunSocket): void;
  error(socket: BunSocket, error: Error): void;
}

declare const Bun: {
  listen(
    options: { hostname: string; port: number; socket: BunHandlers } | { unix: string; socket: BunHandlers },
  ): {
    port: number;
  };
};

const command = readServerCommand();
if (command.workload !== 'echo') throw new Error(`bun-listen does not serve ${command.workload}`);

/** Bun's `write` takes what fits; the rest is ours to keep until `drain`. */
function send(socket: BunSocket, bytes: Uint8Array): void {
  const { held } = socket.data;
  const whole = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
  const taken = Math.max(socket.write(whole), 0);
  socket.data.held = taken === whole.length ? new Uint8Array() : whole.slice(taken);
}

const socket: BunHandlers = {
  open: (connection) => {
    connection.data = { held: new Uint8Array() };
  },
  data: send,
  drain: (connection) => send(connection, new Uint8Array()),
  error: (connection) => connection.end(),
};

if (command.transport === 'unix') {
  Bun.listen({ unix: command.path, socket });
  announce(command.path);
} else {
  announce(Bun.listen({ hostname: '127.0.0.1', port: command.port, socket }).port);
}
