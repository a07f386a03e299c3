import assert from 'node:assert/strict';
import { existsSync, fstatSync } from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { findInTable, findSocket, readInetLine, readUnixLine } from '../../src/address/socket-table.ts';

const tcp = { kind: 'TCP', isIPv6: false } as const;
const udp6 = { kind: 'UDP', isIPv6: true } as const;

describe("Linux's tables of sockets", () => {
  it('tell of a TCP socket that listens, and of one that is connected', () => {
    const listening =
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 815 1 0000000000000000 100 0 0 10 0';
    assert.deepEqual(readInetLine(listening, '815', tcp), {
      ...tcp,
      state: 'listening',
      address: ['127.0.0.1', 8080],
    });
    const connected = listening.replace(' 0A ', ' 01 ');
    assert.equal(readInetLine(connected, '815', tcp)?.state, 'connected');
  });

  it('tell of a UDP socket of IPv6', () => {
    const line =
      '  12: B80D0120000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 0';
    assert.deepEqual(readInetLine(line, '4711', udp6), {
      ...udp6,
      state: 'bound',
      address: ['2001:db8::1', 53],
    });
  });

  it('tell of Unix sockets, with and without a name', () => {
    const line = (flags: string, type: string, state: string, rest: string): string =>
      `0000000000000000: 00000002 00000000 ${flags} ${type} ${state} 99${rest}`;
    assert.deepEqual(readUnixLine(line('00010000', '0001', '01', ' /run/my app.sock'), '99'), {
      kind: 'Unix stream',
      state: 'listening',
      address: '/run/my app.sock',
      isIPv6: false,
    });
    assert.equal(readUnixLine(line('00000000', '0001', '03', ''), '99')?.state, 'connected');
    assert.equal(readUnixLine(line('00000000', '0002', '01', ' @name'), '99')?.address, '\0name');
    assert.equal(readUnixLine(line('00000000', '0002', '01', ''), '99')?.kind, 'Unix datagram');
    assert.equal(readUnixLine(line('00010000', '0005', '01', ''), '99')?.kind, 'Unix packet');
  });

  it('are searched for the inode alone, though its number may stand elsewhere in a line', () => {
    const other =
      '   0: 0100007F:0815 00000000:0000 0A 00000000:00000000 00:00000000 00000000  815        0 8151 1 0';
    const wanted = '   1: 0100007F:0050 00000000:0000 0A 0:0 0:0 0 0 0 815 1 0';
    const table = `  sl  local_address rem_address\n${other}\n${wanted}\n`;
    const found = findInTable(table, '815', (line, inode) => readInetLine(line, inode, tcp));
    assert.deepEqual(found?.address, ['127.0.0.1', 80]);
    assert.equal(
      findInTable(table, '816', (line, inode) => readInetLine(line, inode, tcp)),
      undefined,
    );
  });

  it('have the sockets of this process', { skip: !existsSync('/proc/net/tcp') }, async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const { port } = server.address() as net.AddressInfo;
    assert.deepEqual(findSocket(fstatSync(fd).ino), {
      ...tcp,
      state: 'listening',
      address: ['127.0.0.1', port],
    });
    server.close();
  });
});
