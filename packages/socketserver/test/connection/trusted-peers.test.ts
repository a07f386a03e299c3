import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { describe, it } from 'node:test';
import { TrustedPeers, type TrustedPeersInput } from '../../src/connection/trusted-peers.ts';

const peers = (input: unknown) => new TrustedPeers(input as TrustedPeersInput, 'Cannot test');

describe('trusted peers', () => {
  it('are single addresses and blocks of both families', () => {
    const list = peers(['192.0.2.1', '10.0.0.0/8', '2001:db8::/32', '::1']);
    const inside = ['192.0.2.1', '10.255.0.1', '2001:db8:ffff::1', '::1', '::ffff:10.1.2.3'];
    const outside = ['192.0.2.2', '11.0.0.1', '2001:db9::1', '::2', '::ffff:11.1.2.3'];
    for (const host of inside) assert.equal(list.includes([host, 1]), true, host);
    for (const host of outside) assert.equal(list.includes([host, 1]), false, host);
    assert.equal(list.includes('/run/app.sock'), false);
  });

  it('are all of them where the list says so', () => {
    assert.equal(peers('all').includes(['192.0.2.1', 1]), true);
    assert.equal(peers('all').includes(''), true);
    assert.equal(peers(['0.0.0.0/0']).includes(['192.0.2.1', 1]), true);
  });

  it('are looked up in the BlockList of the caller as it is at that moment', () => {
    const list = new BlockList();
    const trusted = peers(list);
    assert.equal(trusted.includes(['192.0.2.1', 1]), false);
    list.addAddress('192.0.2.1');
    assert.equal(trusted.includes(['192.0.2.1', 1]), true);
  });

  it('are refused where they are none, with their place', () => {
    const list =
      /^Cannot test: options\.proxyProtocol\.from must be a list of addresses and CIDR blocks, a net\.B/;
    const block =
      /^Cannot test: options\.proxyProtocol\.from\[\d\] must be an address or a CIDR block such as/;
    for (const input of [undefined, '10.0.0.0/8', [], { list: [] }]) {
      assert.throws(() => peers(input), { name: 'TypeError', message: list });
    }
    const texts = [
      'localhost',
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/',
      '10.0.0/8',
      '',
      ['10.0.0.1', 1],
      undefined,
    ];
    for (const text of texts) {
      assert.throws(() => peers(['10.0.0.1', text]), { name: 'TypeError', message: block }, String(text));
    }
  });
});
