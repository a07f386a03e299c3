/**
 * A small server that speaks Redis' protocol (RESP2): PING, ECHO, SET, GET, COMMAND. Values live in its memory.
 *
 *     node examples/redis-ping.ts --port 6379
 *     redis-cli -p 6379 set greeting hello
 */
import { parseArgs } from 'node:util';
import { BaseRequestHandler, ConcurrentTCPServer, formatAddress } from 'socketserver';
import type { SocketAddress, StreamSocket } from 'socketserver';
import { portArgument } from './program/address-arguments.ts';
import { runProgram } from './program/run-program.ts';
import { bulk, readCommand } from './redis-ping/command.ts';

const maxCommandBytes = 1_048_576;

export class RedisServer extends ConcurrentTCPServer {
  readonly values = new Map<string, string>();
}

/** Text is latin1 throughout, one character for one byte, so that values may hold any bytes. */
export class RedisHandler extends BaseRequestHandler<StreamSocket, SocketAddress, RedisServer> {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    let text = '';
    for (;;) {
      const bytes = await this.request.recv(65_536);
      if (bytes.length === 0) return;
      text += bytes.toString('latin1');
      let replies = '';
      let end = 0;
      let command = readCommand(text, end);
      for (; typeof command === 'object'; command = readCommand(text, end)) {
        replies += this.#reply(command.words);
        end = command.end;
      }
      text = text.slice(end);
      const isBroken = command === 'malformed' || text.length > maxCommandBytes;
      if (isBroken) replies += '-ERR Protocol error\r\n';
      if (replies !== '') await this.request.sendall(Buffer.from(replies, 'latin1'));
      if (isBroken) return;
    }
  }

  #reply([name, ...args]: readonly string[]): string {
    if (name === undefined) return '';
    const { values } = this.server;
    const [first = '', second = ''] = args;
    const upperName = name.toUpperCase();
    if (upperName === 'COMMAND') return '*0\r\n';
    switch (`${upperName} ${args.length}`) {
      case 'PING 0':
        return '+PONG\r\n';
      case 'PING 1':
      case 'ECHO 1':
        return bulk(first);
      case 'SET 2':
        values.set(first, second);
        return '+OK\r\n';
      case 'GET 1':
        return bulk(values.get(first));
      default:
        return `-ERR '${name.replaceAll(/[\r\n]/g, ' ')}' with ${args.length} arguments is unknown here\r\n`;
    }
  }
}

if (import.meta.main) {
  await runProgram('node examples/redis-ping.ts --port', async () => {
    const { values } = parseArgs({ options: { port: { type: 'string', default: '6379' } } });
    await using server = new RedisServer(['127.0.0.1', portArgument(values.port)], RedisHandler);
    console.log(`RESP server on ${formatAddress(server.serverAddress)}`);
    await server.serveForever();
  });
}
