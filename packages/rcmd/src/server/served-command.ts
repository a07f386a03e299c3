import type { ServerChannel } from '../link/server-channel.ts';
import type { Decision, Operation } from '../policy/operation.ts';
import { CommandStartError } from '../process/command-start-error.ts';
import type { RunningCommand } from '../process/command.ts';
import { commandEnvironment } from '../policy/environment.ts';
import type { CommandFailure, KillReason } from '../protocol/command-end.ts';
import type { OpenRequest } from '../protocol/open-request.ts';
import { argvOf, commandSpec, isSignal } from './command-spec.ts';
import type { ConnectionContext } from './connection-context.ts';
import { pumpInput, pumpOutput } from './pump.ts';
import type { ServerService } from './server-service.ts';

/** One command of a client, from its request to its end. */
export class ServedCommand {
  readonly commandId = crypto.randomUUID();
  readonly #service: ServerService;
  readonly #context: ConnectionContext;
  readonly #channel: ServerChannel;
  #command: RunningCommand | undefined;
  #terminated: KillReason | undefined;

  constructor(service: ServerService, context: ConnectionContext, channel: ServerChannel) {
    this.#service = service;
    this.#context = context;
    this.#channel = channel;
  }

  /** Runs it, or says why not. Never rejects. */
  async serve(): Promise<void> {
    const { request } = this.#channel;
    const kind = request.argv === undefined ? 'shell' : 'exec';
    const decision = this.#decide({ kind, request });
    if (decision.verdict === 'deny') {
      this.#record('denied', { reason: decision.reason });
      this.#refuse({ code: 'DENIED', message: decision.reason });
      return;
    }
    const admission = await this.#service.ledger.admit({
      commandId: this.commandId,
      connectionId: this.#context.connectionId,
      owner: this.#context.owner,
      argv: argvOf(request),
    });
    if (!admission.isAdmitted) {
      const { message, retryAfterMs } = admission;
      this.#record('denied', { reason: message });
      this.#refuse({ code: 'BUSY', message, retryAfterMs });
      return;
    }
    await this.#run(decision.request ?? request);
  }

  /** Ends it, also one that has not begun. */
  terminate(reason: KillReason): void {
    this.#terminated ??= reason;
    this.#command?.terminate(reason);
  }

  async #run(request: OpenRequest): Promise<void> {
    if (!this.#record('start', requestFields(request))) {
      this.#service.ledger.ended(this.commandId);
      this.#refuse({ code: 'AUDIT', message: 'the record of it cannot be written' });
      return;
    }
    let command: RunningCommand;
    try {
      const { commandId } = this;
      const env = commandEnvironment(request.env ?? {}, this.#sessionFacts());
      const spec = commandSpec(request, { commandId, env, limits: this.#service.settings.limits });
      command = await this.#service.runner.run(spec, this.#context.owner);
    } catch (error) {
      this.#service.ledger.ended(this.commandId);
      const failure = failureOf(error);
      this.#record('failed', { reason: failure.message });
      this.#refuse(failure);
      return;
    }
    await this.#attend(command);
  }

  /** Moves bytes in both directions until the command has ended, and tells its end. */
  async #attend(command: RunningCommand): Promise<void> {
    const { commandId } = this;
    const channel = this.#channel;
    this.#command = command;
    if (this.#terminated !== undefined) command.terminate(this.#terminated);
    const facts = { ...this.#context.facts, commandId, argv: argvOf(channel.request) };
    this.#service.ledger.started(commandId, command.pid);
    this.#service.publish({ type: 'command-started', pid: command.pid, ...facts });
    void command.cleared.then(() => this.#service.ledger.ended(commandId));
    channel.started(
      { pid: command.pid, commandId },
      {
        signal: (name) => this.#signal(command, name),
        abandoned: (reason) => this.terminate(reason),
      },
    );
    if (channel.request.stdin) void pumpInput(channel.stdin, command);
    await Promise.all([
      pumpOutput(command, 'stdout', channel.stdout),
      pumpOutput(command, 'stderr', channel.stderr),
    ]);
    const end = await command.ended;
    const { exitCode, signal, killedBy, durationMs, stdinBytes, stdoutBytes, stderrBytes } = end;
    this.#record('end', {
      pid: command.pid,
      durationMs: Math.round(durationMs),
      stdinBytes,
      stdoutBytes,
      stderrBytes,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      ...(killedBy === undefined ? {} : { killedBy }),
    });
    channel.ended(end);
    this.#service.publish({ type: 'command-ended', end, ...facts });
  }

  #signal(command: RunningCommand, signal: string): void {
    const { commandId } = this;
    const owner = this.#context.asker.principal;
    if (!isSignal(signal)) return; // of another system; what does not exist cannot be sent
    if (this.#decide({ kind: 'signal', commandId, owner, signal }).verdict === 'allow')
      command.signal(signal);
  }

  #decide(operation: Operation): Decision {
    return this.#service.decide(operation, this.#context.asker);
  }

  #refuse(failure: CommandFailure): void {
    this.#channel.failed(failure);
    const argv = argvOf(this.#channel.request);
    const { commandId } = this;
    this.#service.publish({ type: 'command-refused', failure, ...this.#context.facts, commandId, argv });
  }

  #record(event: 'start' | 'end' | 'denied' | 'failed', more: object): boolean {
    const { connectionId, owner, asker } = this.#context;
    const { principal, address } = asker;
    return this.#service.record({
      event,
      connectionId,
      commandId: this.commandId,
      principal: owner,
      ...(principal.kind === 'key' && principal.comment !== '' ? { comment: principal.comment } : {}),
      address,
      ...(event === 'denied' ? requestFields(this.#channel.request) : {}),
      ...more,
    });
  }

  #sessionFacts(): { address: string; principal: string; connectionId: string } {
    const { owner, connectionId, asker } = this.#context;
    return { address: asker.address, principal: owner, connectionId };
  }
}

function requestFields({ argv, shell, cwd }: OpenRequest): object {
  return {
    ...(argv === undefined ? {} : { argv }),
    ...(shell === undefined ? {} : { shell }),
    ...(cwd === undefined ? {} : { cwd }),
  };
}

function failureOf(error: unknown): CommandFailure {
  if (error instanceof CommandStartError) {
    const { code, message } = error;
    return code === 'BUSY' ? { code, message, retryAfterMs: 1_000 } : { code, message };
  }
  return { code: 'FAILED', message: error instanceof Error ? error.message : String(error) };
}
