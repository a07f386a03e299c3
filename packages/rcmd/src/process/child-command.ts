import { setTimeout as delay } from 'node:timers/promises';
import type { CommandEnd, KillReason } from '../protocol/command-end.ts';
import type { OutputName } from '../protocol/stream-id.ts';
import type { CommandSpec, RunningCommand } from './command.ts';
import type { ControlGroup } from './control-groups.ts';
import type { InputPipe } from './input-pipe.ts';
import { LateOutput } from './late-output.ts';
import type { OutputPipe } from './output-pipe.ts';
import type { ProcessExit } from './process-starter.ts';
import { signalGroup, signalProcess } from './signal-group.ts';

/** What a control group is looked at for, while its last processes go away. */
const goneMs = 20;

/** How long the kernel may take to end what was killed; then it hangs in the kernel, and nobody can help it. */
const killedMs = 5_000;

/** The longest time that a timer of Node can wait. */
const longestMs = 2 ** 31 - 1;

/** What a {@link ChildCommand} is made of; all belongs to it. */
export interface CommandParts {
  readonly spec: CommandSpec;
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly input: InputPipe | undefined;
  readonly stdout: OutputPipe;
  readonly stderr: OutputPipe;
  readonly group: ControlGroup | undefined;
}

/** A command that is a child of this process. */
export class ChildCommand implements RunningCommand {
  readonly pid: number;
  readonly commandId: string;
  readonly ended: Promise<CommandEnd>;
  /** Resolves when nothing of it is left: no process of its group, or of its control group. */
  readonly cleared: Promise<void>;
  readonly #parts: CommandParts;
  readonly #startedAt = performance.now();
  readonly #bytes = { stdout: 0, stderr: 0 };
  #lastActivity = performance.now();
  #killedBy: KillReason | undefined;
  #isTruncated = false;
  #hasExited = false;
  #isForced = false;
  #timers: NodeJS.Timeout[] = [];

  constructor(parts: CommandParts) {
    this.#parts = parts;
    this.pid = parts.pid;
    this.commandId = parts.spec.commandId;
    this.ended = this.#settle();
    this.cleared = this.#clear();
    this.#limit();
  }

  async read(stream: OutputName, max: number): Promise<Uint8Array | undefined> {
    const bytes = await this.#parts[stream].read(Math.max(1, Math.min(max, this.#outputLeft)));
    if (bytes === undefined) return undefined;
    const allowed = Math.min(bytes.length, this.#outputLeft);
    this.#bytes[stream] += allowed;
    this.#lastActivity = performance.now();
    if (allowed === bytes.length) return bytes;
    this.#isTruncated = true;
    this.terminate('output-limit');
    this.#parts.stdout.stop();
    this.#parts.stderr.stop();
    return allowed === 0 ? undefined : bytes.subarray(0, allowed);
  }

  stop(stream: OutputName): void {
    this.#parts[stream].stop();
  }

  async write(bytes: Uint8Array): Promise<boolean> {
    const taken = (await this.#parts.input?.write(bytes)) ?? false;
    if (taken) this.#lastActivity = performance.now();
    return taken;
  }

  endInput(): void {
    this.#parts.input?.end();
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.#hasExited) signalGroup(this.pid, signal);
  }

  terminate(reason: KillReason): void {
    if (this.#killedBy !== undefined || this.#hasExited) return;
    this.#killedBy = reason;
    const { killSignal, graceMs } = this.#parts.spec;
    signalGroup(this.pid, killSignal);
    this.#after(graceMs, () => void this.#kill());
  }

  kill(reason: KillReason): void {
    this.#isForced = true; // what is left after the main process: see #clear()
    if (this.#hasExited) return;
    this.#killedBy ??= reason;
    this.#kill();
  }

  /** Kills it, where nobody has learned of it. Resolves when nothing of it is left. */
  async destroy(): Promise<void> {
    this.kill('client-gone');
    this.stop('stdout');
    this.stop('stderr');
    await this.cleared;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.terminate('client-gone');
    this.stop('stdout');
    this.stop('stderr');
    await this.ended;
  }

  get #outputLeft(): number {
    return this.#parts.spec.maxOutputBytes - this.#bytes.stdout - this.#bytes.stderr;
  }

  /** Sets the limits of time. */
  #limit(): void {
    const { timeoutMs, idleTimeoutMs } = this.#parts.spec;
    if (timeoutMs !== Infinity) this.#after(timeoutMs, () => this.terminate('timeout'));
    if (idleTimeoutMs !== Infinity) this.#watchIdleness(idleTimeoutMs);
  }

  #watchIdleness(idleTimeoutMs: number): void {
    const left = this.#lastActivity + idleTimeoutMs - performance.now();
    if (left <= 0) this.terminate('idle');
    else this.#after(Math.ceil(left), () => this.#watchIdleness(idleTimeoutMs));
  }

  #after(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, Math.min(ms, longestMs)));
  }

  /** @returns `false` where only the main process and its group are reached: the rest is for {@link #clear}. */
  #kill(): boolean {
    signalGroup(this.pid, 'SIGKILL');
    return this.#parts.group?.kill() ?? true;
  }

  async #settle(): Promise<CommandEnd> {
    const { exitCode, signal } = await this.#parts.exited;
    const durationMs = performance.now() - this.#startedAt;
    this.#hasExited = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const { input, stdout, stderr, spec } = this.#parts;
    input?.destroy();
    const late = new LateOutput([stdout, stderr], spec.outputGraceMs);
    await Promise.all([stdout.whenEnded, stderr.whenEnded]);
    late.close();
    return {
      exitCode,
      signal,
      killedBy: this.#killedBy,
      durationMs,
      stdoutBytes: this.#bytes.stdout,
      stderrBytes: this.#bytes.stderr,
      stdinBytes: input?.bytesTaken ?? 0,
      isTruncated: this.#isTruncated || late.hasCut,
    };
  }

  /** Ends what the main process has left behind, as the command would have been ended itself. */
  async #clear(): Promise<void> {
    await this.#parts.exited;
    const { spec, group } = this.#parts;
    if (!this.#isAnyLeft(group)) return;
    signalGroup(this.pid, spec.killSignal);
    for (const pid of group?.processes() ?? []) signalProcess(pid, spec.killSignal);
    if (await this.#goesAway(group, () => (this.#isForced ? 0 : spec.graceMs))) return;
    while (!this.#kill()) await delay(goneMs);
    await this.#goesAway(group, () => killedMs);
  }

  /** A process group seems to live on while its dead members wait for whoever inherited them; a control group does not. */
  #isAnyLeft(group: ControlGroup | undefined): boolean {
    if (group === undefined) return signalGroup(this.pid, 0);
    return !group.remove() && group.processes()?.length !== 0;
  }

  /** Waits until nothing is left, for as long as may be, which is asked for again and again. */
  async #goesAway(group: ControlGroup | undefined, mostMs: () => number): Promise<boolean> {
    const begun = performance.now();
    for (let pauseMs = 1; this.#isAnyLeft(group); pauseMs = Math.min(goneMs, pauseMs * 2)) {
      if (performance.now() - begun >= mostMs()) return false;
      await delay(pauseMs);
    }
    return true;
  }
}
