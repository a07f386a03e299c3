import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTarget, parseTarget, type TargetInput } from '../../src/client/target.ts';

describe('a target', () => {
  const written: readonly (readonly [TargetInput, string])[] = [
    ['lab1', 'lab1:8888'],
    ['LAB1.example:9000', 'lab1.example:9000'],
    ['192.0.2.7', '192.0.2.7:8888'],
    ['::1', '[::1]:8888'],
    ['[2001:db8::7]', '[2001:db8::7]:8888'],
    ['[2001:db8::7]:9000', '[2001:db8::7]:9000'],
    ['unix:/run/rcmd/socket', 'unix:/run/rcmd/socket'],
    [{ host: 'lab1' }, 'lab1:8888'],
    [{ host: '::1', port: 1 }, '[::1]:1'],
    [{ path: '/run/x' }, 'unix:/run/x'],
  ];
  for (const [input, text] of written) {
    it(`${JSON.stringify(input)} is ${text}`, () => {
      assert.equal(formatTarget(parseTarget(input)), text);
      assert.deepEqual(parseTarget(text), parseTarget(input));
    });
  }

  const wrong: readonly unknown[] = [
    '',
    ':8888',
    'a b',
    'user@lab1',
    'lab1:',
    'lab1:0',
    'lab1:65536',
    'lab1:http',
    'http://lab1',
    '[lab1]:80',
    '1:2:3:4',
    'unix:relative',
    'unix:',
    'unix:\0abstract',
    { host: 7 },
    { host: 'x', port: '80' },
    { path: 'x' },
    {},
    null,
    undefined,
  ];
  for (const input of wrong) {
    it(`${JSON.stringify(input)} is none`, () => {
      assert.throws(
        () => parseTarget(input as string),
        (error) => error instanceof TypeError && /^Cannot connect: target must .*, got /.test(error.message),
      );
    });
  }
});
