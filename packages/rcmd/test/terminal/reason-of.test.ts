import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConnectionLostError } from '../../src/link/connection-lost-error.ts';
import { reasonOf } from '../../src/terminal/reason-of.ts';

/** What `getaddrinfo` fails with. */
function lookupError(code: string, hostname: string): Error {
  const message = `getaddrinfo ${code} ${hostname}`;
  const errno = { ENOTFOUND: -3008, EAI_AGAIN: -3001 }[code];
  return Object.assign(new Error(message), { code, errno, syscall: 'getaddrinfo', hostname });
}

describe('the reason of an error, for people', () => {
  it('says in words that there is no such host', () => {
    assert.equal(reasonOf(lookupError('ENOTFOUND', 'nosuchhost')), 'there is no host nosuchhost');
    assert.equal(reasonOf(lookupError('ENOTFOUND', 'no\u009bhost')), 'there is no host no\\u{9b}host');
  });

  it('escapes what the other side said once', () => {
    assert.equal(
      reasonOf(new ConnectionLostError('no\u009b2J\nway')),
      'The connection was lost: no\\u{9b}2J\\nway',
    );
    assert.equal(reasonOf(new Error('a\u001b[2J "\\d"')), 'a\\u{1b}[2J "\\d"');
  });

  it('adds the words of the system to others', () => {
    assert.equal(
      reasonOf(lookupError('EAI_AGAIN', 'lab1')),
      'getaddrinfo EAI_AGAIN lab1 (temporary failure)',
    );
    assert.equal(reasonOf(new AggregateError([new Error('first'), new Error('second')])), 'first');
  });
});
