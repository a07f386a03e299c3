/**
 * What the packages export, compared with `public-api/*.txt`: a change of it is seen in a diff and made on purpose. Write those files
 * anew with `npm run api`, and name the change in CHANGELOG.md.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { publicNamesOf } from '../support/public-api.ts';

const packages = new URL('../../../', import.meta.url);

/** The entries of the packages, as their `exports` name them. */
const entries = {
  socketserver: 'socketserver/dist/index.d.ts',
  'socketserver-client': 'socketserver/dist/client.d.ts',
  'socketserver-engine': 'socketserver/dist/engine/contract.d.ts',
  'socketserver-testing': 'socketserver/dist/testing/index.d.ts',
  'socketserver-native': 'native/dist/index.d.ts',
  rcmd: 'rcmd/dist/index.d.ts',
  'rcmd-client': 'rcmd/dist/client/index.d.ts',
} as const;

describe('what a package exports', () => {
  for (const [entry, declarations] of Object.entries(entries)) {
    const names = publicNamesOf(fileURLToPath(new URL(declarations, packages)));

    it(`is what is written down: ${entry}`, () => {
      const snapshot = new URL(`public-api/${entry}.txt`, import.meta.url);
      const found = names.map(({ declaration }) => `${declaration}\n`).join('\n');
      if (process.env['UPDATE_PUBLIC_API'] === '1') writeFileSync(snapshot, found);
      assert.equal(found, readFileSync(snapshot, 'utf8'), 'npm run api writes it anew');
    });

    it(`is documented, each name: ${entry}`, () => {
      assert.deepEqual(
        names.filter(({ isDocumented }) => !isDocumented).map(({ name }) => name),
        [],
      );
    });
  }
});
