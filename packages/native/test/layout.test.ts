import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadBinding } from '../lib/binding.ts';
import * as layout from '../lib/layout.ts';

test('C++ and JavaScript agree on the sizes of the memory they share', () => {
  const inJavaScript: Record<string, number> = {};
  for (const [name, value] of Object.entries(layout)) {
    if (typeof value === 'number') inJavaScript[camelCase(name)] = value;
  }
  for (const [name, value] of Object.entries(loadBinding().layout)) {
    assert.equal(inJavaScript[name], value, name);
  }
});

test('C++ and JavaScript number events, commands and words alike', () => {
  const header = readFileSync(new URL('../src/layout.h', import.meta.url), 'utf8');
  const enumerators = (name: string) => {
    const body = new RegExp(`enum ${name} : \\w+ \\{([^}]*)\\}`).exec(header)![1]!.replace(/\/\/.*$/gm, '');
    let next = 0;
    return body
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '')
      .map((entry) => {
        const [key, value] = entry.split('=').map((part) => part.trim());
        next = value === undefined ? next : Number(value);
        return [key!.slice(1), next++] as const;
      });
  };
  const constants = new Map(
    Object.entries(layout).map(([name, value]) => [camelCase(name).toLowerCase(), value]),
  );
  const compare = (name: string, prefix: string) => {
    for (const [key, value] of enumerators(name)) {
      const constant = constants.get((prefix + key).toLowerCase());
      if (constant !== undefined) assert.equal(constant, value, `${name}.${key}`);
    }
  };
  compare('HeaderWord', '');
  compare('EventKind', 'event');
  compare('CommandKind', 'command');
  compare('SlotWord', '');
  compare('SlotState', '');
  assert.equal(enumerators('EventKind').length, 10);
});

function camelCase(constant: string): string {
  return constant.toLowerCase().replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
