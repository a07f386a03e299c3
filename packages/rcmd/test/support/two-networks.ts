import { spawnSync } from 'node:child_process';

/** A network namespace that stands in for a machine. */
export interface NetworkOfOne {
  readonly address: string;
  /** Runs another program in it. */
  readonly within: readonly string[];
}

/** Two machines with a cable between them; disposing it takes them away. */
export interface TwoNetworks extends Disposable {
  readonly one: NetworkOfOne;
  readonly other: NetworkOfOne;
}

function ip(...args: readonly string[]): string {
  const { error, status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  return error?.message ?? (status === 0 ? '' : stderr.trim());
}

/**
 * The options of a test that needs {@link twoNetworks}: it is skipped where the machine does not let us make any, and says so.
 *
 * @throws Error where `CI` is set and something else is missing: it is not to be skipped in silence.
 */
export function needsNetworks(): { readonly skip: string | false } {
  const name = `rcmd-try-${process.pid}`;
  const problem = ip('netns', 'add', name);
  if (problem === '') ip('netns', 'delete', name);
  if (problem === '') return { skip: false };
  const isRefused = /not permitted|permission denied|read-only/i.test(problem);
  if (!isRefused && process.env['CI'] === 'true') {
    throw new Error(`Cannot run a test: there are no network namespaces: ${problem}`);
  }
  return { skip: `${isRefused ? 'this machine refuses' : 'no'} network namespaces: ${problem}` };
}

/** Makes two namespaces, each with an address of its own, and a pair of virtual cards between them. */
export function twoNetworks(): TwoNetworks {
  const names = [`rcmd-a-${process.pid}`, `rcmd-b-${process.pid}`] as const;
  const addresses = ['10.213.77.1', '10.213.77.2'] as const;
  const remove = (): void => {
    for (const name of names) ip('netns', 'delete', name);
  };
  const steps = [
    ['netns', 'add', names[0]],
    ['netns', 'add', names[1]],
    ['-n', names[0], 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', names[1]],
    ...names.flatMap((name, index) => [
      ['-n', name, 'address', 'add', `${addresses[index]}/24`, 'dev', 'cable'],
      ['-n', name, 'link', 'set', 'cable', 'up'],
      ['-n', name, 'link', 'set', 'lo', 'up'],
    ]),
  ];
  for (const step of steps) {
    const problem = ip(...step);
    if (problem === '') continue;
    remove();
    throw new Error(`ip ${step.join(' ')}: ${problem}`);
  }
  const [one, other] = names.map((name, index) => ({
    address: addresses[index]!,
    within: ['ip', 'netns', 'exec', name],
  }));
  return { one: one!, other: other!, [Symbol.dispose]: remove };
}
