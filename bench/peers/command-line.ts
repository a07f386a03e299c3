import { parseArgs } from 'node:util';

/** What every program that is measured takes on its command line. */
export interface ServerCommand {
  readonly transport: string;
  /** 0 lets the system choose; the program prints the port it got. */
  readonly port: number;
  readonly path: string;
  readonly workload: string;
  /** PEM files, for TLS. */
  readonly cert: string;
  readonly key: string;
  /** Whatever else the program itself knows, by name. */
  readonly extra: Readonly<Record<string, string>>;
}

const common = { transport: 'tcp', port: '0', path: '', workload: 'echo', cert: '', key: '' };

/** Reads the common options, and the program's own `extra` ones, each with its default. */
export function readServerCommand(extra: Readonly<Record<string, string>> = {}): ServerCommand {
  const defaults = Object.entries({ ...common, ...extra });
  const { values } = parseArgs({
    options: Object.fromEntries(
      defaults.map(([name, value]) => [name, { type: 'string', default: value }] as const),
    ),
  });
  const text = (name: string): string => values[name] ?? '';
  return {
    transport: text('transport'),
    port: Number(text('port')),
    path: text('path'),
    workload: text('workload'),
    cert: text('cert'),
    key: text('key'),
    extra: Object.fromEntries(Object.keys(extra).map((name) => [name, text(name)])),
  };
}

/** Tells the harness that the program serves, and where. */
export function announce(where: string | number): void {
  process.stdout.write(`listening ${where}\n`);
}
