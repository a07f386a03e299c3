// Removes from dist what an earlier build made of sources that are gone. Only after a build: `rcmd serve` may run meanwhile, which
// loads modules late, and a build that fails leaves what there was.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [, , root = '.'] = process.argv;
const dist = join(root, 'dist');

/** What bundle.js makes. */
const bundle = 'cli/rcmd';

for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const [, name, kind] = /^(.*?)(?:\.d)?\.([cm]?)[jt]s(?:\.map)?$/.exec(file) ?? [];
  if (name === undefined || name === bundle) continue;
  if (!existsSync(join(root, `src/${name}.${kind}ts`))) rmSync(join(dist, file));
}
