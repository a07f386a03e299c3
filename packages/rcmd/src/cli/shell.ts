import { printable, printableSentence } from '../audit/printable.ts';
import { join } from 'node:path';
import { rcmdPaths } from '../paths/rcmd-paths.ts';
import type { LineSource } from '../prompt/line-source.ts';
import type { PromptRemote } from '../prompt/prompt-remote.ts';
import { runPrompt } from '../prompt/run-prompt.ts';
import { ourFailure } from '../terminal/exit-code.ts';
import { reasonOf } from '../terminal/reason-of.ts';
import { CliError } from './cli-error.ts';
import type { ShellOptions } from './commands/shell.ts';
import { parseEnvironment } from './environment-option.ts';
import { defaultHost, resolveTarget, thisMachine, type ResolvedTarget } from './resolve-target.ts';
import { openLink } from './server-connection.ts';

/** Opens the prompt on a server, and leaves the exit code of its last command in `process.exitCode`. */
export async function shell(host: string | undefined, options: ShellOptions): Promise<void> {
  const target = resolveTarget(host ?? defaultHost() ?? thisMachine, options.hostKeys);
  const connect =
    options.classic === true ? classicConnect(target, options) : sessionConnect(target, options);
  await promptOn(connect);
}

/** Runs the prompt. @param connect - called for each connection. */
export async function promptOn(connect: () => Promise<PromptRemote>): Promise<void> {
  const remote = await connect(); // which may ask about a key, before anybody else reads the terminal
  using lines = await lineSource();
  process.exitCode = await runPrompt(remote, { lines, connect, reasonOf, lostCode: ourFailure });
}

/** What connects a prompt to a server, with the variables and the directory that it begins with. */
export function sessionConnect(target: ResolvedTarget, options: ShellOptions): () => Promise<PromptRemote> {
  const env = { ...target.env, ...parseEnvironment(options.env) };
  const cwd = options.workdir ?? target.workdir;
  return async () => {
    const { SessionRemote } = await import('../prompt/session-remote.ts');
    const link = await openLink(target);
    const greeting = [
      `Connected to ${printable(target.name)} (${printable(link.peer?.software ?? '')}).`,
      'Type a command; Ctrl-C ends it, Ctrl-D leaves.',
    ];
    return new SessionRemote(link, { greeting, cwd, env });
  };
}

function classicConnect(target: ResolvedTarget, options: ShellOptions): () => Promise<PromptRemote> {
  if (options.env !== undefined || options.workdir !== undefined) {
    throw new CliError('USAGE', 'The classic exchange knows neither -e nor -w');
  }
  return async () => {
    const { ClassicRemote } = await import('../prompt/classic-remote.ts');
    if (target.place.kind === 'unix')
      throw new CliError('USAGE', 'The classic exchange is spoken over TCP only');
    return ClassicRemote.open(target.place.host, target.place.port).catch(async (error: unknown) => {
      const { explainFailure } = await import('./connection-failure.ts');
      throw explainFailure(error, target);
    });
  };
}

/** Lines that a person types, or those of a pipe or a file. */
async function lineSource(): Promise<LineSource> {
  if (process.stdin.isTTY && (process.stdout.isTTY || process.stderr.isTTY)) {
    const { History } = await import('../prompt/history.ts');
    const { TypedLines } = await import('../prompt/typed-lines.ts');
    const warn = (problem: string): void =>
      void process.stderr.write(`rcmd: lines are not remembered: ${printableSentence(problem)}\n`);
    return new TypedLines(new History(join(rcmdPaths().state, 'history'), warn));
  }
  const { PipedLines } = await import('../prompt/piped-lines.ts');
  return new PipedLines();
}
