import type { Command } from 'commander';
import { NotStartedError } from '../link/client-channel.ts';
import { printable } from '../audit/printable.ts';
import { type OpenAsk, requireSendable } from '../protocol/open-request.ts';
import { formatDuration, parseDuration } from '../terminal/duration.ts';
import { print, say } from '../terminal/print.ts';
import { RawOutput } from '../terminal/raw-output.ts';
import { reasonOf } from '../terminal/reason-of.ts';
import { CliError } from './cli-error.ts';
import type { ExecOptions } from './commands/exec.ts';
import { parseEnvironment } from './environment-option.ts';
import { parseExecWords } from './exec-words.ts';
import { exitCodeOf, failureExitCode, killedLine, ourFailure } from '../terminal/exit-code.ts';
import { handleInterrupts } from './interrupts.ts';
import { JSONReport } from './json-report.ts';
import { RemoteCommand } from '../link/remote-command.ts';
import { defaultHost, resolveTarget, type ResolvedTarget } from './resolve-target.ts';
import { openLink } from './server-connection.ts';

/** Runs one command, and leaves its exit code in `process.exitCode`. */
export async function exec(command: Command, options: ExecOptions): Promise<void> {
  const { host, ...what } = parseExecWords({
    words: command.args,
    isWithoutHost: beginsWithDashes(command),
    isShell: options.shell === true,
    hasDefaultHost: defaultHost() !== undefined,
  });
  const target = resolveTarget(host, options.hostKeys);
  const request = requestOf(what, { options, target });
  const report = options.json === true ? new JSONReport(target.name, what) : undefined;
  try {
    requireSendable(request);
    process.exitCode = await runOn(target, { request, options, report });
  } catch (error) {
    process.exitCode = error instanceof NotStartedError ? failureExitCode(error.failure.code) : ourFailure;
    report?.failed(error);
    if (report === undefined) say(reasonOf(error));
  }
  if (report !== undefined) await print(report.toString());
}

interface ExecRun {
  readonly request: OpenAsk;
  readonly options: ExecOptions;
  readonly report: JSONReport | undefined;
}

async function runOn(target: ResolvedTarget, { request, options, report }: ExecRun): Promise<number> {
  const tell = (text: string): void => {
    if (options.verbose === true) say(text);
  };
  const link = await openLink(target);
  tell(`connected to ${printable(target.address)}, ${printable(link.peer?.software ?? '')}`);
  const outputs = { stdout: new RawOutput(process.stdout), stderr: new RawOutput(process.stderr) };
  const command = new RemoteCommand(link, request, {
    output: (stream, bytes) => report?.take(stream, bytes) ?? outputs[stream].write(bytes),
    input: takesInput(options) ? process.stdin : undefined,
    started: ({ pid, commandId }) => tell(`process ${pid}, command ${printable(commandId)}`),
  });
  using _ = handleInterrupts({ first: () => command.signal('SIGINT'), last: () => link.close() });
  const end = await command.ended;
  report?.ended(end);
  const killed = killedLine(end);
  if (killed !== undefined && report === undefined && options.quiet !== true) say(killed);
  tell(`${formatDuration(end.durationMs)}, ${end.stdoutBytes} bytes of output, ${end.stderrBytes} of errors`);
  link.close();
  return exitCodeOf(end);
}

/** A pipe or a file is input that somebody wants the command to have; a terminal is only with `-i`. */
function takesInput({ interactive, stdin }: ExecOptions): boolean {
  return stdin && (interactive === true || !process.stdin.isTTY);
}

function requestOf(
  what: { readonly argv?: readonly string[] | undefined; readonly shell?: string | undefined },
  { options, target }: { readonly options: ExecOptions; readonly target: ResolvedTarget },
): OpenAsk {
  const cwd = options.workdir ?? target.workdir;
  const timeoutMs = timeOf('--timeout', options.timeout) ?? target.timeoutMs;
  const idleTimeoutMs = timeOf('--idle-timeout', options.idleTimeout);
  return {
    ...(what.argv === undefined ? { shell: what.shell! } : { argv: what.argv }),
    env: { ...target.env, ...parseEnvironment(options.env) },
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
  };
}

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new CliError(
    'USAGE',
    `${option} must be a length of time such as 30s or 5m, got ${JSON.stringify(text)}`,
  );
}

/** Whether `--` stood where HOST would: commander has taken it away then. */
function beginsWithDashes(command: Command): boolean {
  const all = (command.parent as Command & { readonly rawArgs: readonly string[] }).rawArgs;
  return command.args.length > 0 && all.at(-command.args.length - 1) === '--';
}
