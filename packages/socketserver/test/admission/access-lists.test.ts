import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import { AccessLists, type AccessOptions } from '../../src/admission/access-lists.ts';

const action = 'Cannot construct TCPServer';
const lists = (given: unknown) => new AccessLists(given as AccessOptions, { action });

describe('access lists', () => {
  it('permit everybody where there are none', () => {
    for (const given of [undefined, {}, { allow: undefined, deny: [] }]) {
      assert.equal(lists(given).permits(['192.0.2.1', 1]), true);
      assert.equal(lists(given).permits(''), true);
    }
  });

  it('permit nobody but those whom allow names, and none whom deny names', () => {
    const access = lists({
      allow: ['10.0.0.0/8', '2001:db8::/32'],
      deny: ['10.1.0.0/16', '::ffff:10.2.0.1'],
    });
    for (const host of ['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1'])
      assert.equal(access.permits([host, 1]), true, host);
    for (const host of ['10.1.2.3', '::ffff:10.1.2.3', '10.2.0.1', '192.0.2.1', '::1'])
      assert.equal(access.permits([host, 1]), false, host);
    assert.equal(lists({ deny: ['fe80::/10'] }).permits(['fe80::1%eth0', 1]), false);
  });

  it('have a client without an address in no list', () => {
    assert.equal(lists({ deny: ['0.0.0.0/0'] }).permits(''), true);
    assert.equal(lists({ allow: ['0.0.0.0/0'] }).permits('/run/client.sock'), false);
    assert.equal(lists({ allow: [] }).permits(['192.0.2.1', 1]), false);
  });

  it('can be set and cleared, and a BlockList can be added to', () => {
    const access = lists({});
    const deny = new BlockList();
    access.deny = deny;
    assert.equal(access.deny, deny);
    assert.equal(access.permits(['192.0.2.1', 1]), true);
    deny.addAddress('192.0.2.1');
    assert.equal(access.permits(['192.0.2.1', 1]), false);
    access.deny = undefined;
    access.allow = ['192.0.2.1'];
    assert.deepEqual([access.permits(['192.0.2.1', 1]), access.permits(['192.0.2.2', 1])], [true, false]);
  });

  it('are refused where they are none, and stay as they were', () => {
    assert.throws(() => lists({ block: [] }), {
      name: 'TypeError',
      message: `${action}: options.access must have only the keys allow, deny, got block`,
    });
    assert.throws(() => lists({ allow: '10.0.0.0/8' }), {
      name: 'TypeError',
      message: `${action}: options.access.allow must be a list of addresses and CIDR blocks, or a net.BlockList, got "10.0.0.0/8"`,
    });
    const access = lists({ deny: ['192.0.2.1'] });
    assert.throws(
      () => {
        access.deny = ['192.0.2.2', 'localhost'];
      },
      {
        name: 'TypeError',
        message:
          'Cannot change access: server.access.deny[1] must be an address or a CIDR block such as \'10.0.0.0/8\', got "localhost"',
      },
    );
    assert.equal(access.permits(['192.0.2.1', 1]), false);
  });

  it('are refused where clients have no addresses', () => {
    const unfit = 'on a Unix socket';
    assert.throws(() => new AccessLists({ deny: [] }, { action, unfit }), {
      message: `${action}: options.access.deny must be undefined ${unfit}`,
    });
    const access = new AccessLists(undefined, { action, unfit });
    assert.throws(() => {
      access.allow = [];
    }, /server\.access\.allow must be undefined on a Unix socket/);
  });
});
