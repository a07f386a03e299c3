import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/**
 * Control groups for commands: the one place that a process cannot leave by itself, so all of a command's descendants are found
 * there. Linux, where a group of this process's own can be made (cgroup v2).
 *
 * @see cgroups(7)
 */
export class ControlGroups {
  /** Where they are. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @returns `undefined` where none can be made, or no process could join them. @param name - of the group that holds those of the commands. */
  static create(name: string): ControlGroups | undefined {
    const own = ownGroup();
    if (own === undefined) return undefined;
    const folder = join(own, name);
    try {
      mkdirSync(folder);
      accessSync(join(folder, 'cgroup.kill'), constants.W_OK); // Linux 5.14
      accessSync(join(own, 'cgroup.procs'), constants.W_OK); // of whence processes come [cgroups(7), Delegation]
      if (readFileSync(join(folder, 'cgroup.type'), 'latin1') === 'domain\n')
        return new ControlGroups(folder);
    } catch {
      // They are done without.
    }
    removeGroup(folder);
    return undefined;
  }

  /** Kills what is in the groups that another process made under this name, and removes them as far as they are empty. */
  static destroy(name: string): void {
    const own = ownGroup();
    if (own === undefined) return;
    const folder = join(own, name);
    for (const commandId of foldersIn(folder)) {
      const group = new ControlGroup(join(folder, commandId));
      group.kill();
      group.remove();
    }
    removeGroup(folder);
  }

  /** Makes a command's group; `undefined` where that fails. */
  add(commandId: string): ControlGroup | undefined {
    const folder = join(this.folder, commandId);
    try {
      mkdirSync(folder);
      return new ControlGroup(folder);
    } catch {
      return undefined;
    }
  }

  close(): void {
    removeGroup(this.folder);
  }
}

/** What the control groups of a runner are called. */
export function controlGroupName(runner: string): string {
  return `rcmd-${runner}`;
}

/** The control group of one command. */
export class ControlGroup {
  readonly folder: string;
  /** A process joins by writing 0 to this file. */
  readonly joinFile: string;

  constructor(folder: string) {
    this.folder = folder;
    this.joinFile = join(folder, 'cgroup.procs');
  }

  /** The processes in it; `undefined` where that cannot be found out now, as without a free descriptor. */
  processes(): number[] | undefined {
    try {
      return readFileSync(this.joinFile, 'utf8').split('\n').filter(Boolean).map(Number);
    } catch (error) {
      return isGone(error) ? [] : undefined;
    }
  }

  /**
   * Kills all of them at once, those too that are just being forked.
   *
   * @returns `false` where that should be tried again: the system is short of something, such as descriptors.
   */
  kill(): boolean {
    try {
      writeFileSync(join(this.folder, 'cgroup.kill'), '1');
      return true;
    } catch (error) {
      return !['EMFILE', 'ENFILE', 'ENOMEM'].includes((error as NodeJS.ErrnoException).code ?? '');
    }
  }

  /** @returns whether it is gone: it stays while it has processes. */
  remove(): boolean {
    return removeGroup(this.folder);
  }
}

/** Of a group that was removed: `ENODEV` where its file was open before. */
function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** The folder of the cgroup v2 that this process is in. */
function ownGroup(): string | undefined {
  try {
    const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
    const mount = mounts.find((line) => / - cgroup2 /.test(line))?.split(' ');
    if (path === undefined || mount === undefined) return undefined;
    const [root, folder] = [mount[3]!, mount[4]!];
    const below = root === '/' ? path : path.startsWith(root) ? path.slice(root.length) : undefined;
    return below === undefined ? undefined : join(folder, below);
  } catch {
    return undefined; // not Linux
  }
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return []; // there is none
  }
}

function removeGroup(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
