import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, it } from 'node:test';

const source = resolve(import.meta.dirname, '../src');

/** From the top down, as ARCHITECTURE.md draws them: imports point down, or stay in their own layer. */
const layers: readonly (readonly string[])[] = [
  ['index.ts', 'client.ts'],
  ['servers.ts', 'testing', 'metrics'],
  ['transports', 'mixins'],
  ['server'],
  ['workers'],
  ['connection', 'admission'],
  ['handlers'],
  ['request', 'health'],
  ['deadlines'],
  ['engine'],
  ['address', 'codecs', 'options', 'proxy-protocol', 'tls', 'diagnostics', 'systemd'],
  ['errors', 'require-node.ts', 'worker-entry.ts'],
];

interface Import {
  readonly from: string;
  readonly to: string;
}

function sourceFiles(): string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
}

/** Every relative import, of values and of types alike. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(source, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!);
  return specifiers.map((specifier) => ({
    from: file,
    to: relative(source, resolve(source, dirname(file), specifier)),
  }));
}

function layerOf(file: string): number {
  const top = file.split(sep)[0]!;
  const index = layers.findIndex((names) => names.includes(top));
  assert.notEqual(
    index,
    -1,
    `${file} belongs to no layer: add its folder to this test and to ARCHITECTURE.md`,
  );
  return index;
}

describe('the layers of the library', () => {
  const imports = sourceFiles().flatMap(importsOf);

  it('are seen by this test', () => {
    assert.ok(imports.length > 50);
  });

  it('import only downwards', () => {
    const upwards = imports.filter(({ from, to }) => layerOf(to) < layerOf(from));
    assert.deepEqual(upwards, []);
  });

  it('have no cycles', () => {
    const edges = Map.groupBy(imports, ({ from }) => from);
    const state = new Map<string, 'open' | 'done'>();
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      assert.notEqual(state.get(file), 'open', `cycle: ${[...path, file].join(' → ')}`);
      state.set(file, 'open');
      for (const { to } of edges.get(file) ?? []) visit(to, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of sourceFiles()) visit(file, []);
  });

  it('touch node:net, node:dgram and node:tls in the engine alone', () => {
    const allowed = /^(engine|tls|testing)[/\\]/;
    // isIP() and its kin are pure functions, BlockList is a value; they happen to live in node:net.
    const pure = /^import \{ (?:BlockList|isIP|isIPv4|isIPv6|, )+ \} from 'node:net';$/gm;
    const touching = sourceFiles().filter(
      (file) =>
        !allowed.test(file) &&
        /^import (?!type).*'node:(net|dgram|tls)'/m.test(
          readFileSync(join(source, file), 'utf8').replace(pure, ''),
        ),
    );
    assert.deepEqual(touching, []);
  });
});
