import { homeFolder } from '../paths/current-user.ts';
import { commandEnvironment, sessionVariables } from '../policy/environment.ts';
import type { Decision, Operation } from '../policy/operation.ts';
import { CommandStartError } from '../process/command-start-error.ts';
import type { RunningCommand } from '../process/command.ts';
import type { CommandFailure, KillReason } from '../protocol/command-end.ts';
import type { OpenRequest } from '../protocol/open-request.ts';
import { CommandAudit } from './command-audit.ts';
import type { CommandChannel } from './command-channel.ts';
import { argvOf, commandSpec, isSignal } from './command-spec.ts';
import type { ConnectionContext } from './connection-context.ts';
import type { PromptSessions, SessionCommand } from './prompt-sessions.ts';
import { pumpInput, pumpOutput } from './pump.ts';
import type { CommandFacts } from './server-events.ts';
import type { ServerService } from './server-service.ts';

/** What a {@link ServedCommand} belongs to. */
export interface CommandParts {
  readonly service: ServerService;
  readonly context: ConnectionContext;
  readonly sessions: PromptSessions;
}

/** One command of a client, from its request to its end. */
export class ServedCommand {
  readonly commandId = crypto.randomUUID();
  readonly #service: ServerService;
  readonly #context: ConnectionContext;
  readonly #sessions: PromptSessions;
  readonly #channel: CommandChannel;
  readonly #audit: CommandAudit;
  #command: RunningCommand | undefined;
  #terminated: KillReason | undefined;

  constructor(channel: CommandChannel, { service, context, sessions }: CommandParts) {
    this.#channel = channel;
    this.#service = service;
    this.#context = context;
    this.#sessions = sessions;
    this.#audit = new CommandAudit(this.commandId, { service, context });
  }

  /** Runs it, or says why not. Never rejects. */
  async serve(): Promise<void> {
    const { core } = this.#service;
    try {
      const request = await this.#allowedRequest();
      if (request === undefined) return;
      try {
        const command = await this.#start(request);
        void command.cleared.then(() => core.ended(this.commandId));
        await this.#attend(command);
      } catch (error) {
        core.ended(this.commandId);
        throw error;
      }
    } catch (error) {
      const failure = failureOf(error);
      if (this.#command === undefined) this.#refuse(failure);
      else throw error;
    }
  }

  /** Ends it, also one that has not begun. */
  terminate(reason: KillReason): void {
    this.#terminated ??= reason;
    this.#command?.terminate(reason);
  }

  /** What is to be run, counted in; `undefined` where nothing is, of which the client was told. */
  async #allowedRequest(): Promise<OpenRequest | undefined> {
    const { request } = this.#channel;
    const kind = request.argv === undefined ? 'shell' : 'exec';
    const decision = await this.#decide({ kind, request });
    if (decision.verdict === 'deny') {
      this.#audit.denied(request, decision.reason);
      this.#refuse({ code: 'DENIED', message: decision.reason });
      return undefined;
    }
    const { connectionId, owner } = this.#context;
    const { commandId } = this;
    const ask = { commandId, connectionId, owner, argv: argvOf(request) };
    const admission = await this.#service.core.admit(ask);
    if (admission.isAdmitted) return decision.request ?? request;
    const { message, retryAfterMs } = admission;
    this.#audit.denied(request, message);
    this.#refuse({ code: 'BUSY', message, retryAfterMs });
    return undefined;
  }

  /** @throws CommandStartError, with nothing started. */
  async #start(request: OpenRequest): Promise<RunningCommand> {
    if (this.#terminated !== undefined) throw new CommandStartError('FAILED', 'it was ended before it began');
    if (!this.#audit.start(request)) throw new CommandStartError('AUDIT', 'its record cannot be written');
    try {
      const session = this.#sessionOf(request);
      const spec = this.#specOf(request, session);
      const command = await this.#service.runner.run(spec, this.#context.owner);
      this.#command = command;
      if (session !== undefined) void command.ended.then(() => session.ended());
      return command;
    } catch (error) {
      this.#audit.failed(failureOf(error).message);
      throw error;
    }
  }

  /** Moves bytes in both directions until the command has ended, and tells its end. */
  async #attend(command: RunningCommand): Promise<void> {
    const { commandId } = this;
    const { core } = this.#service;
    const channel = this.#channel;
    if (this.#terminated !== undefined) command.terminate(this.#terminated);
    core.started(commandId, command.pid);
    core.publish({ type: 'command-started', pid: command.pid, ...this.#facts });
    channel.started(
      { pid: command.pid, commandId },
      {
        signal: (name) => void this.#signal(command, name),
        abandoned: (reason) => this.terminate(reason),
      },
    );
    if (channel.request.stdin) void pumpInput(channel.stdin, command);
    await Promise.all([
      pumpOutput(command, 'stdout', channel.stdout),
      pumpOutput(command, 'stderr', channel.stderr),
    ]);
    const end = await command.ended;
    this.#audit.end(command.pid, end);
    channel.ended(end);
    core.publish({ type: 'command-ended', end, ...this.#facts });
  }

  /** @throws CommandStartError */
  #sessionOf({ session, shell }: OpenRequest): SessionCommand | undefined {
    if (session === undefined) return undefined;
    const { commandId } = this;
    const command = this.#sessions.command(session, { line: shell!, commandId });
    if (command !== undefined) return command;
    throw new CommandStartError('BAD_REQUEST', 'this connection has too many sessions');
  }

  #specOf(request: OpenRequest, session: SessionCommand | undefined): ReturnType<typeof commandSpec> {
    const { owner, connectionId, asker } = this.#context;
    const facts = { address: asker.address, principal: owner, connectionId };
    const given = request.env ?? {};
    const env = session?.env
      ? { ...session.env, ...given, ...sessionVariables(facts) }
      : commandEnvironment(given, facts);
    const { commandId } = this;
    const { limits } = this.#service.settings;
    const spec = commandSpec(request, { commandId, env, limits, folder: session?.cwd ?? homeFolder() });
    return session === undefined ? spec : { ...spec, argv: session.argv };
  }

  async #signal(command: RunningCommand, signal: string): Promise<void> {
    const { commandId } = this;
    const owner = this.#context.asker.principal;
    if (!isSignal(signal)) return; // of another system; what does not exist cannot be sent
    const { verdict } = await this.#decide({ kind: 'signal', commandId, owner, signal });
    if (verdict === 'allow') command.signal(signal);
  }

  #decide(operation: Operation): Promise<Decision> {
    return this.#service.decide(operation, this.#context);
  }

  #refuse(failure: CommandFailure): void {
    this.#channel.failed(failure);
    this.#service.core.publish({ type: 'command-refused', failure, ...this.#facts });
  }

  get #facts(): CommandFacts {
    const { commandId } = this;
    return { ...this.#context.facts, commandId, argv: argvOf(this.#channel.request) };
  }
}

function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandStartError) {
    const { code, message } = error;
    return code === 'BUSY' ? { code, message, retryAfterMs: 1_000 } : { code, message };
  }
  return { code: 'FAILED', message: error instanceof Error ? error.message : String(error) };
}
