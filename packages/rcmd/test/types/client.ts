/**
 * What must, and what must not, compile for the client library. `tsc` is the test: a line marked `@ts-expect-error` that
 * compiles is an error itself. Nothing here runs.
 */
import type {
  Client,
  CommandError,
  CommandFault,
  CommandResult,
  ExecOptions,
} from '../../src/client/index.ts';

export async function results(client: Client, options: ExecOptions): Promise<void> {
  const plain = await client.exec('ls', ['-l']);
  const text: string = plain.stdout;
  const nothing: undefined = plain.all;
  const { stdout: inFolder }: { stdout: string } = await client.exec('ls', { cwd: '/' });
  const bytes: CommandResult<Uint8Array, Uint8Array> = await client.exec('ls', [], {
    encoding: 'buffer',
    all: true,
  });
  const lines: string[] = (await client.exec('ls', [], { lines: true })).stderr;
  const none: undefined = (await client.exec('ls', [], { buffer: false })).stdout;
  const either = await client.exec('ls', [], { reject: false });
  if ('message' in either) {
    const fault: CommandFault = either;
    void fault.shortMessage;
  }
  const any: string | string[] | Uint8Array | undefined = (await client.exec('ls', [], options)).stdout;
  // @ts-expect-error -- options that are not known in advance may give anything
  const wrong: string = (await client.exec('ls', [], options)).stdout;
  // @ts-expect-error -- a result of bytes holds no text
  const noText: string = bytes.stdout;
  // @ts-expect-error -- `reject: false` may resolve with an error, and then there is no message to rely on
  void either.message;
  const signals: CommandResult['signal'][] = ['SIGTERM', 'SIGRTMIN', 'SIGRTMIN+3'];
  // @ts-expect-error -- a signal of real time is none that Node has a name for
  const named: NodeJS.Signals | undefined = plain.signal;
  void [signals, named, text, nothing, inFolder, lines, none, any, wrong, noText];
}

export async function tags(client: Client): Promise<void> {
  const template: string = (await client.$`ls ${'a'} ${1} ${['b', 2]}`).stdout;
  const bound: string[] = (await client.$({ lines: true })({ cwd: '/' })`ls`).stdout;
  const line: Uint8Array = (await client.sh('ls | wc', { encoding: 'buffer' })).stdout;
  const inSession: string[] = (await client.session().sh({ lines: true })`cd ${'/'}`).stdout;
  for await (const each of client.exec('ls')) void (each satisfies string);
  void [template, bound, line, inSession];
}

export function refused(client: Client, error: CommandError): void {
  // @ts-expect-error -- there is no such option
  void client.exec('ls', [], { shell: true });
  // @ts-expect-error -- signals have names
  void client.exec('ls', [], { killSignal: 15 });
  // @ts-expect-error -- arguments are a list
  void client.exec('ls', '-l');
  // @ts-expect-error -- an object is no word
  void client.$`ls ${{}}`;
  // @ts-expect-error -- results are not written to
  error.exitCode = 0;
}
