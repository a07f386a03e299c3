import { existsSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, type Stage } from './stage.ts';

/** Sizes of a run. */
export interface Sizes {
  readonly commands: number;
  readonly fileMib: number;
  /** Of 1 MiB blocks, {@link fileMib} of them. */
  readonly file: string;
}

/** One thing that several do. Each measurement gives a figure in `unit`. */
export interface Comparison {
  readonly title: string;
  readonly aim: string;
  readonly unit: string;
  readonly contenders: Readonly<Record<string, (() => Promise<number>) | undefined>>;
}

const commandLine = join(import.meta.dirname, '../../packages/rcmd/bin/rcmd.cjs');

/** What rcmd and ssh do side by side. */
export function comparisons(stage: Stage, sizes: Sizes): Comparison[] {
  const { client, ssh, ssh2 } = stage;
  const { file, fileMib } = sizes;
  const byRcmd = async (): Promise<void> => void (await client.exec('true'));
  const bySSH = ssh && (() => runProgram(['ssh', ...ssh.multiplexed, 'true']));
  const bySSH2 = ssh2 && (async (): Promise<void> => void (await ssh2.run('true')));
  const repeated = (
    run: (() => Promise<void>) | undefined,
    wide: number,
    count = Math.ceil(sizes.commands / 3),
  ) => run && (() => rateOf(run, count, wide)); // ssh takes so much longer for one that a third gives its rate
  return [
    {
      title: '`true`, one after the other',
      aim: 'at least 250/s',
      unit: '/s',
      contenders: {
        rcmd: repeated(byRcmd, 1, sizes.commands),
        ssh: repeated(bySSH, 1),
        ssh2: repeated(bySSH2, 1),
      },
    },
    {
      title: '`true`, eight at a time',
      aim: 'at least 450/s',
      unit: '/s',
      contenders: {
        rcmd: repeated(byRcmd, 8, sizes.commands),
        ssh: repeated(bySSH, 8),
        ssh2: repeated(bySSH2, 8),
      },
    },
    {
      title: 'cold `rcmd exec HOST -- true`',
      aim: 'at most 150 ms',
      unit: ' ms',
      contenders: {
        rcmd: existsSync(commandLine)
          ? () =>
              millisecondsOf(() =>
                runProgram([process.execPath, commandLine, 'exec', stage.address, '--', 'true']),
              )
          : undefined,
        ssh: ssh && (() => millisecondsOf(() => runProgram(['ssh', ...ssh.options, 'true']))),
      },
    },
    {
      title: `download of ${fileMib} MiB`,
      aim: 'at least as ssh',
      unit: ' MiB/s',
      contenders: {
        rcmd: () => mibPerSecond(fileMib, () => download(stage, file)),
        ssh: ssh && (() => mibPerSecond(fileMib, () => runProgram(['ssh', ...ssh.options, `cat ${file}`]))),
      },
    },
    {
      title: `upload of ${fileMib} MiB`,
      aim: 'at least as ssh',
      unit: ' MiB/s',
      contenders: {
        rcmd: () => mibPerSecond(fileMib, () => upload(stage, file)),
        ssh: ssh && (() => mibPerSecond(fileMib, () => uploadBySSH(ssh.options, file))),
      },
    },
  ];
}

async function download({ client }: Stage, file: string): Promise<void> {
  const running = client.exec('cat', [file], { buffer: false });
  for await (const _ of running.stdout);
  await running;
}

async function upload({ client }: Stage, file: string): Promise<void> {
  await client.sh('cat > /dev/null', { inputFile: file });
}

async function uploadBySSH(options: readonly string[], file: string): Promise<void> {
  const descriptor = openSync(file, 'r');
  try {
    await runProgram(['ssh', ...options, 'cat > /dev/null'], [descriptor, 'ignore', 'inherit']);
  } finally {
    closeSync(descriptor);
  }
}

async function rateOf(run: () => Promise<void>, count: number, wide: number): Promise<number> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await run();
  };
  const ms = await millisecondsOf(() => Promise.all(Array.from({ length: wide }, worker)));
  return (count * 1_000) / ms;
}

async function mibPerSecond(mib: number, run: () => Promise<void>): Promise<number> {
  return (mib * 1_000) / (await millisecondsOf(run));
}

async function millisecondsOf(run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await run();
  return performance.now() - begun;
}
