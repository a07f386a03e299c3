import type { Program, Task, Transport } from './workload.ts';

/** A server program that takes part. */
export interface Contender {
  readonly name: string;
  readonly title: string;
  readonly isOurs: boolean;
  /** What it is started with; `--transport`, `--workload` and the address are added. */
  readonly command: readonly string[];
  /** The tasks it serves, with the `--workload` that stands for each. */
  readonly serves: ReadonlyMap<Task, string>;
  /** Connections that it holds open at once; more would have it wait for ever. */
  readonly mostConnections: number;
  /** How its being ready is seen: see `ServerStart`. */
  readonly ready: 'announces' | 'accepts';
}

/** Lists tasks of one transport under their own names. */
export function serving(transport: Transport, ...programs: Program[]): [Task, string][] {
  return programs.map((program) => [`${transport}:${program}`, program]);
}

/** Makes a contender that announces itself and holds any number of connections, unless `rest` says otherwise. */
export function contender(
  name: string,
  title: string,
  command: readonly string[],
  serves: [Task, string][],
  rest: Partial<Contender> = {},
): Contender {
  return {
    name,
    title,
    isOurs: false,
    command,
    serves: new Map(serves),
    mostConnections: Infinity,
    ready: 'announces',
    ...rest,
  };
}
