import { closeSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { KillReason } from '../protocol/command-end.ts';
import { CommandRecords } from './command-records.ts';
import { CommandStartError, startErrorOf } from './command-start-error.ts';
import type { CommandSpec, RunningCommand } from './command.ts';
import { ChildCommand } from './child-command.ts';
import { type ControlGroup, controlGroupName, ControlGroups } from './control-groups.ts';
import { DescendantSweep } from './descendant-sweep.ts';
import { InputPipe } from './input-pipe.ts';
import { commandVariable } from './marked-processes.ts';
import { OutputPipe } from './output-pipe.ts';
import { openPipeSupply, type PipeEnds, type PipeSupply } from './pipe-supply.ts';
import { startTimeOf } from './process-facts.ts';
import { openStarter, type ProcessStarter } from './process-starter.ts';
import { Reaper } from './reaper.ts';
import { requireStartable } from './word-limit.ts';

/** Options of {@link CommandRunner.start}. */
export interface CommandRunnerOptions {
  /** A folder for its user only, on a local file system; runners of one server share it. */
  readonly stateFolder: string;
  /** Whether commands get control groups of their own, where that is possible. Default `true`. */
  readonly controlGroups?: boolean | undefined;
  /** `'auto'` takes the kernel's own pipes where `@socketserver/native` can make them, else FIFOs. Default `'auto'`. */
  readonly pipes?: 'auto' | 'named' | undefined;
  /**
   * `'auto'` starts processes by `@socketserver/native` where that can, else by Node and a shell; `'node'` by these in any case. Default
   * `'auto'`, and `'node'` where `SOCKETSERVER_ENGINE` is that.
   */
  readonly starter?: 'auto' | 'node' | undefined;
}

interface RunnerParts {
  readonly name: string;
  readonly pipes: PipeSupply;
  readonly starter: ProcessStarter;
}

/**
 * Runs commands, each in a session and a process group of its own, with real pipes, and sees to it that nothing is left of
 * one that has ended, or of all when this process is killed.
 */
export class CommandRunner implements AsyncDisposable {
  readonly records: CommandRecords;
  readonly #pipes: PipeSupply;
  readonly #starter: ProcessStarter;
  readonly #groups: ControlGroups | undefined;
  readonly #reaper: Reaper;
  readonly #sweep = new DescendantSweep();
  readonly #running = new Set<ChildCommand>();
  #isClosed = false;

  private constructor(
    { stateFolder, controlGroups = true }: CommandRunnerOptions,
    { name, pipes, starter }: RunnerParts,
  ) {
    this.#pipes = pipes;
    this.#starter = starter;
    this.records = new CommandRecords(join(stateFolder, 'commands'), name);
    this.#groups = controlGroups ? ControlGroups.create(controlGroupName(name)) : undefined;
    this.#reaper = new Reaper(this.records.folder, this.#groups?.folder ?? '');
  }

  /** @throws the system's error where the folder cannot be used, or there is no `mkfifo`. */
  static async start(options: CommandRunnerOptions): Promise<CommandRunner> {
    const name = `${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
    const pipes = await openPipeSupply(join(options.stateFolder, 'pipes', name), options.pipes ?? 'auto');
    const starter = await openStarter(options.starter);
    const runner = new CommandRunner(options, { name, pipes, starter });
    try {
      await pipes.reserve(3);
    } catch (error) {
      await runner.close();
      throw error;
    }
    return runner;
  }

  /** Whether descendants are caught that leave their group and clear their environment. */
  get hasControlGroups(): boolean {
    return this.#groups !== undefined;
  }

  /** Commands that run, or whose descendants do. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Starts a command.
   *
   * @param owner - who asked for it, for the record.
   * @throws {@link CommandStartError}, with nothing started, or nothing left of what was.
   */
  async run(spec: CommandSpec, owner: string): Promise<RunningCommand> {
    try {
      requireStartable(spec);
      await this.#starter.check(spec);
      while (!this.#pipes.has(3)) await this.#pipes.reserve(3);
      if (this.#isClosed) throw new CommandStartError('FAILED', 'the server is stopping');
      return await this.#spawn(spec, owner);
    } catch (error) {
      throw startErrorOf(error);
    }
  }

  /** Kills all commands, and what is left of those that have ended, without any grace; no other one starts. */
  killAll(reason: KillReason): void {
    this.#isClosed = true;
    for (const command of this.#running) command.kill(reason);
  }

  /** Ends all commands, resolves when nothing is left of them. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const running = [...this.#running];
    for (const command of running) command.terminate('server-draining');
    await Promise.all(running.map(({ cleared }) => cleared));
    await this.#putAway();
  }

  /** Puts away what can be without waiting, for a thread or process that exits now: where commands still run, the reaper ends them. */
  leave(): void {
    this.#isClosed = true;
    void (this.#running.size === 0 ? this.#putAway() : this.#pipes.close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Its synchronous part is all but the last step of the pipes. */
  #putAway(): Promise<void> {
    this.#sweep.close();
    this.#reaper.close();
    this.#groups?.close();
    this.records.close();
    return this.#pipes.close();
  }

  async #spawn(spec: CommandSpec, owner: string): Promise<ChildCommand> {
    const command = await this.#start(spec);
    const { commandId, pid } = command;
    const startedAt = Date.now();
    let removeRecord = (): void => {};
    void command.cleared.then(() => removeRecord());
    try {
      const record = { commandId, pid, startTime: startTimeOf(pid), startedAt, owner, argv: spec.argv };
      removeRecord = this.records.add(record);
      return command;
    } catch (cause) {
      // Without a record nobody would end it where this process is killed.
      await command.destroy();
      const { folder } = this.records;
      const why = existsSync(folder)
        ? `its record cannot be written: ${(cause as Error).message}`
        : `the server's folder ${folder} is gone, in which what runs is recorded: start the server again`;
      throw new CommandStartError('FAILED', `it was killed as it began, since ${why}`, { cause });
    }
  }

  /** Starts its process, and counts it among what runs until nothing of it is left. */
  async #start(spec: CommandSpec): Promise<ChildCommand> {
    const opened: number[] = [];
    const take = (ends: PipeEnds): PipeEnds => (opened.push(ends.ours, ends.childs), ends);
    const group = this.#groups?.add(spec.commandId);
    try {
      const stdin = spec.stdin ? take(this.#pipes.takeInput()) : undefined;
      const stdout = take(this.#pipes.takeOutput());
      const stderr = take(this.#pipes.takeOutput());
      const starting = this.#starter.start(spec, {
        env: { ...spec.env, [commandVariable]: spec.commandId },
        stdio: [stdin?.childs, stdout.childs, stderr.childs],
        group,
      });
      const { pid, exited } = starting instanceof Promise ? await starting : starting;
      for (const ends of [stdin, stdout, stderr]) if (ends !== undefined) closeSync(ends.childs);
      opened.length = 0; // the others are the command's own
      const command = new ChildCommand({
        spec,
        pid,
        exited,
        input: stdin && new InputPipe(stdin.ours),
        stdout: new OutputPipe(stdout.ours),
        stderr: new OutputPipe(stderr.ours),
        group,
      });
      this.#running.add(command);
      void command.cleared.then(() => this.#cleared(command, group));
      return command;
    } catch (error) {
      for (const fd of opened) closeSync(fd);
      group?.remove();
      throw error;
    }
  }

  #cleared(command: ChildCommand, group: ControlGroup | undefined): void {
    this.#running.delete(command);
    if (group === undefined) this.#sweep.add(command.commandId);
    group?.remove();
  }
}
