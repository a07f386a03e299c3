import assert from 'node:assert/strict';
import { it } from 'node:test';
import { addressGroup } from '../../src/admission/address-group.ts';

const together: readonly (readonly string[])[] = [
  ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201', '0:0:0:0:0:ffff:192.0.2.1'],
  ['192.0.2.2'],
  ['2001:db8::1', '2001:db8::ffff', '2001:0db8:0:0:ffff:ffff:ffff:ffff'],
  ['2001:db8:0:1::1', '2001:db8:0:1::'],
  ['::1', '::2'],
  ['fe80::1%eth0'],
  ['fe80::2%eth0'],
  ['fe80::1%eth1'],
  ['febf::1'],
];

it('one client is an IPv4 address, the first 64 bits of an IPv6 one, or a whole link-local one', () => {
  const groups = together.map((hosts) => new Set(hosts.map(addressGroup)));
  for (const [index, group] of groups.entries()) assert.equal(group.size, 1, together[index]!.join(', '));
  assert.equal(new Set(groups.map(([group]) => group)).size, together.length);
});
