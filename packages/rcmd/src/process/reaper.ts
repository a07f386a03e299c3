import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { basename } from 'node:path';
import { findAbandoned } from './command-records.ts';
import { controlGroupName, ControlGroups } from './control-groups.ts';
import { killMarked } from './marked-processes.ts';
import { signalGroup } from './signal-group.ts';

/**
 * Waits for the end of its input, which comes when the process that started it is gone, however it went; then kills the
 * commands on record: their process groups, their control groups, and what still has their mark. `$1` is the folder of the
 * records, `$2` that of the control groups, if there are any.
 *
 * A process group is killed if its leader is the process on record, or has ended (then `/proc` has no such number).
 */
const script = String.raw`
trap '' HUP INT TERM
read -r _
cd "$1" 2>/dev/null || exit 0
groups=$2
ids=
for name in *.*.*; do
  [ -e "$name" ] || continue
  pid=${'$'}{name%%.*}
  rest=${'$'}{name#*.}
  start=${'$'}{rest%%.*}
  ids="$ids|${'$'}{rest#*.}"
  if [ -n "$start" ] && [ -r "/proc/$pid/stat" ] && read -r stat <"/proc/$pid/stat"; then
    set -- ${'$'}{stat##*) }
    shift 19
    [ "$1" = "$start" ] || continue
  fi
  kill -KILL "-$pid" 2>/dev/null
done
if [ -n "$groups" ]; then
  for group in "$groups"/*/; do
    echo 1 >"$group/cgroup.kill"
  done 2>/dev/null
fi
if [ -n "$ids" ]; then
  for file in $(grep -lzE "^RCMD_COMMAND=(${'$'}{ids#|})$" /proc/[0-9]*/environ 2>/dev/null); do
    file=${'$'}{file#/proc/}
    kill -KILL "${'$'}{file%/environ}" 2>/dev/null
  done
fi
sleep 1
if [ -n "$groups" ]; then rmdir "$groups"/*/ "$groups" 2>/dev/null; fi
cd / && rm -rf "$OLDPWD"
`;

/**
 * A small process that outlives this one by as long as it takes to kill its commands: for the SIGKILL that gives nobody time to
 * do it himself.
 */
export class Reaper {
  readonly #child: ChildProcess;

  /**
   * @param records - the folder of the records of this process's commands.
   * @param groups - the folder of their control groups; `''` where there are none.
   */
  constructor(records: string, groups: string) {
    this.#child = spawn('/bin/sh', ['-c', script, 'rcmd-reaper', records, groups], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // a Ctrl-C in the server's terminal is not for it
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    });
    this.#child.on('error', () => {}); // without it a SIGKILL leaves the commands to the next start
    this.#child.unref();
    const { stdin } = this.#child;
    stdin?.on('error', () => {}); // it is gone: as above
    if (stdin instanceof Socket) stdin.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lets it go; there must be no commands any more. */
  close(): void {
    this.#child.kill('SIGKILL');
    this.#child.stdin?.destroy();
  }
}

/**
 * Kills what runners left behind that share a folder of records and are gone.
 *
 * @returns the commands that were killed.
 */
export function reapAbandoned(shared: string): string[] {
  const killed: string[] = [];
  for (const { folder, commands } of findAbandoned(shared)) {
    for (const { pid, commandId } of commands) {
      signalGroup(pid, 'SIGKILL');
      killed.push(commandId);
    }
    killMarked(new Set(commands.map(({ commandId }) => commandId)), 'SIGKILL');
    ControlGroups.destroy(controlGroupName(basename(folder)));
    rmSync(folder, { recursive: true, force: true });
  }
  return killed;
}
