/**
 * Parses what strangers send in child processes, where whatever the parser does to its process costs one client.
 *
 *     node examples/crash-proof-parser.ts [host] [port]
 *     printf 'P5 640 480 255 ' | nc -N 127.0.0.1 8888
 *     printf 'P5 crash' | nc -N 127.0.0.1 8888
 *
 * The parser reads the head of a PGM picture, and stands for a large one in C with two bugs: one input ends its process
 * as a bad pointer would, out of reach of any `try`, and one (`P5 spin`) makes it compute for ever. The client who sent
 * it sees its connection closed, the server's log has a line about it, everyone else notices nothing.
 */
import { ForkingTCPServer, formatAddress, type InetAddress, StreamRequestHandler } from 'socketserver';
import { addressArguments } from './program/address-arguments.ts';
import { runProgram } from './program/run-program.ts';

const maxHeadBytes = 1_024;

/** @returns width, height and greatest value. @throws RangeError for what is no picture. */
export function parseHead(text: string): readonly number[] {
  if (text === 'P5 crash') process.abort();
  if (text === 'P5 spin') for (;;);
  const match = /^P5\s+(\d+)\s+(\d+)\s+(\d+)\s/.exec(text);
  if (match === null) throw new RangeError('this is no PGM picture');
  return match.slice(1).map(Number);
}

export class ParserHandler extends StreamRequestHandler {
  static override readonly module = import.meta.url;
  /** Seconds that a client may be silent: each one occupies a process. */
  static override readonly timeout = 10;

  override async handle(): Promise<void> {
    const head = await this.rfile.read(maxHeadBytes);
    await this.wfile.write(`${describe(head.toString('latin1'))}\n`);
  }
}

function describe(text: string): string {
  try {
    const [width, height, maxValue] = parseHead(text);
    return `${width} by ${height} pixels, values up to ${maxValue}`;
  } catch (error) {
    return String(error);
  }
}

/** Binds the server. */
export function createServer(address: InetAddress): ForkingTCPServer {
  return new ForkingTCPServer(address, ParserHandler, {
    workers: {
      min: 2, // so that one is ready while a crashed one is replaced
      blockedMs: 3_000, // a parser that takes longer has gone astray
      maxRequests: 1_000, // what it leaks does not gather for ever
      resourceLimits: { maxOldGenerationSizeMb: 64 }, // a picture that claims to be enormous ends here
    },
  });
}

if (import.meta.main) {
  await runProgram('node examples/crash-proof-parser.ts', async () => {
    await using server = createServer(addressArguments());
    console.log(`parser on ${formatAddress(server.serverAddress)}`);
    await server.serveForever();
  });
}
