import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const page = resolve(import.meta.dirname, '../../../../docs/observation.md');

/** The events that docs/observation.md lists, with what each tells. */
export function documentedEvents(): Map<string, readonly string[]> {
  const rows = readFileSync(page, 'utf8').matchAll(/^\| `(socketserver:[a-z:-]+)` +\|([^|]*)\|/gm);
  return new Map(
    [...rows].map(([, name, cell]) => [
      name!,
      ['serverAddress', ...[...cell!.matchAll(/`(\w+)`/g)].map(([, field]) => field!)].toSorted(),
    ]),
  );
}
