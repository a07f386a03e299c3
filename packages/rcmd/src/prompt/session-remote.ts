import { NotStartedError } from '../link/client-channel.ts';
import type { ClientLink } from '../link/client-link.ts';
import type { CommandEnd } from '../protocol/command-end.ts';
import { RemoteCommand } from '../link/remote-command.ts';
import { requireSendable } from '../protocol/open-request.ts';
import { exitCodeOf, failureExitCode, killedLine, ourFailure } from '../terminal/exit-code.ts';
import type { LineOutcome, OutputSink, PromptCommand, PromptRemote } from './prompt-remote.ts';

/** What the state of a prompt is called: each has a connection of its own. */
const session = 'prompt';

/** What Ctrl-C sends, the first time, the second, and every one after. */
const interruptSignals = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;

/** Where a prompt begins. */
export interface SessionStart {
  readonly greeting: readonly string[];
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** The far side of a prompt: a session, whose working directory and variables last from one line to the next. */
export class SessionRemote implements PromptRemote {
  readonly greeting: readonly string[];
  readonly takesLines = true;
  readonly lost: Promise<Error>;
  readonly #link: ClientLink;
  /** What the first line is to begin with, until one has run. */
  #beginning: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> };

  constructor(link: ClientLink, { greeting, cwd, env }: SessionStart) {
    this.#link = link;
    this.greeting = greeting;
    this.lost = link.whenEnded;
    this.#beginning = { ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) };
  }

  run(line: string, sink: OutputSink): PromptCommand {
    const request = { shell: line, session, ...this.#beginning };
    try {
      requireSendable(request);
    } catch (error) {
      const outcome = { exitCode: ourFailure, note: (error as Error).message };
      return { outcome: Promise.resolve(outcome), interrupt: () => {} };
    }
    const command = new RemoteCommand(this.#link, request, {
      output: sink,
      started: () => (this.#beginning = {}),
    });
    return {
      outcome: command.ended.then(outcomeOf, (error: unknown) => refusalOf(error)),
      interrupt: (times) => command.signal(interruptSignals[times - 1] ?? 'SIGKILL'),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#link.close();
    await this.lost;
  }
}

function outcomeOf(end: CommandEnd): LineOutcome {
  return { exitCode: exitCodeOf(end), note: killedLine(end) };
}

/** That a line does not run is no reason to leave. */
function refusalOf(error: unknown): LineOutcome {
  if (!(error instanceof NotStartedError)) throw error;
  return { exitCode: failureExitCode(error.failure.code), note: error.failure.message };
}
