import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { describe, it } from 'node:test';
import { errnoOf, osError } from '../../src/engine/os-error.ts';

describe('an error of the operating system', () => {
  it('looks as Node makes it', async () => {
    const path = '/nobody/is/here.sock';
    const [expected] = (await once(createConnection(path), 'error')) as [Error];
    const made = osError(errnoOf('ENOENT'), 'connect', path);
    assert.equal(made.message, expected.message);
    assert.deepEqual(Object.assign({}, made), Object.assign({}, expected));
  });

  it('names host and port, a path, or nobody', () => {
    const errno = errnoOf('ECONNREFUSED');
    const facts = { errno, code: 'ECONNREFUSED', syscall: 'connect' };
    const inet = osError(errno, 'connect', ['::1', 53]);
    assert.equal(inet.message, 'connect ECONNREFUSED ::1:53');
    assert.deepEqual(Object.assign({}, inet), { ...facts, address: '::1', port: 53 });
    assert.equal(osError(errno, 'connect', '\0name').message, 'connect ECONNREFUSED \\0name');
    const alone = osError(errno, 'connect');
    assert.equal(alone.message, 'connect ECONNREFUSED');
    assert.deepEqual(Object.assign({}, alone), facts);
  });
});
