import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { connect } from 'socketserver';
import { answer } from '../dns.ts';
import { RunningProgram } from './running-program.ts';

const types = { A: 1, TXT: 16 } as const;

/** A query with id 0x1234 and "recursion desired". */
function query(name: string, type: keyof typeof types): Buffer {
  const labels = name.split('.').map((label) => String.fromCharCode(label.length) + label);
  const header = '\x12\x34\x01\x00\0\x01\0\0\0\0\0\0';
  return Buffer.from(`${header}${labels.join('')}\0\0${String.fromCharCode(types[type])}\0\x01`, 'latin1');
}

/** The parts of a reply's header, and what comes after the question. */
function reply(bytes: Buffer | undefined, asked: Buffer) {
  assert.ok(bytes !== undefined);
  assert.equal(bytes.readUInt16BE(0), 0x1234);
  assert.deepEqual(bytes.subarray(12, asked.length), asked.subarray(12));
  return {
    flags: bytes[2],
    code: bytes[3]! & 0x0f,
    answers: bytes.readUInt16BE(6),
    rest: bytes.toString('latin1', asked.length),
  };
}

describe('the DNS example', () => {
  let program: RunningProgram;
  let port: number;

  before(async () => {
    program = RunningProgram.example('dns.ts', ['127.0.0.1', 0]);
    const [, digits] = await program.stdout.waitFor(/DNS over UDP and TCP on 127\.0\.0\.1:(\d+)\n/);
    port = Number(digits);
  });
  after(() => program[Symbol.asyncDispose]());

  it('answers over UDP, and not what is no query', async () => {
    const client = createSocket('udp4');
    const asked = query('www.example.test', 'TXT');
    client.connect(port, '127.0.0.1');
    await once(client, 'connect');
    client.send('not DNS');
    client.send(asked);
    const [bytes] = (await once(client, 'message')) as [Buffer];
    client.close();
    assert.ok(reply(bytes, asked).rest.endsWith('\x17hello from socketserver'));
  });

  it('answers several queries on one TCP connection', async () => {
    await using client = await connect(['127.0.0.1', port]);
    for (const name of ['www.example.test', 'nowhere.test', 'long.example.test']) {
      const asked = query(name, 'TXT');
      await client.sendall(Buffer.concat([Buffer.of(0, asked.length), asked]));
      const length = (await client.readExactly(2)).readUInt16BE();
      const { code, answers } = reply(await client.readExactly(length), asked);
      assert.deepEqual(
        { code, answers },
        { code: name === 'nowhere.test' ? 3 : 0, answers: answerCounts[name] },
      );
    }
    client.shutdown('write');
    assert.equal((await client.recv(1)).length, 0);
  });

  const answerCounts: Record<string, number> = {
    'www.example.test': 1,
    'nowhere.test': 0,
    'long.example.test': 8,
  };
});

describe('the answer to a DNS query', () => {
  it('holds the records of the type that was asked for, whatever the case of the name', () => {
    const asked = query('WWW.example.TEST', 'A');
    const { flags, code, answers, rest } = reply(answer(asked, 512), asked);
    assert.deepEqual({ flags, code, answers }, { flags: 0x85, code: 0, answers: 2 });
    const fixed = '\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04';
    assert.equal(rest, `${fixed}\xc0\0\x02\x01${fixed}\xc0\0\x02\x02`);
  });

  it('is empty for a type that a name does not have, and says so for a name that is not there', () => {
    const known = query('long.example.test', 'A');
    assert.deepEqual(reply(answer(known, 512), known), { flags: 0x85, code: 0, answers: 0, rest: '' });
    const unknown = query('nowhere.test', 'A');
    assert.deepEqual(reply(answer(unknown, 512), unknown), { flags: 0x85, code: 3, answers: 0, rest: '' });
  });

  it('says that it is cut where it would be too long', () => {
    const asked = query('long.example.test', 'TXT');
    assert.deepEqual(reply(answer(asked, 512), asked), { flags: 0x87, code: 0, answers: 0, rest: '' });
    assert.equal(reply(answer(asked, 65_535), asked).answers, 8);
  });

  it('refuses other operations, and questions that it cannot read', () => {
    const status = Buffer.from(query('www.example.test', 'A'));
    status[2] = 0x10;
    assert.equal(answer(status, 512)?.[3], 4);
    const cut = query('www.example.test', 'A').subarray(0, -1);
    assert.equal(answer(cut, 512)?.[3], 1);
    const two = Buffer.from(query('www.example.test', 'A'));
    two[5] = 2;
    assert.equal(answer(two, 512)?.[3], 1);
  });

  it('is none for an answer, and for anything shorter than a header', () => {
    const response = Buffer.from(query('www.example.test', 'A'));
    response[2] = 0x81;
    assert.equal(answer(response, 512), undefined);
    assert.equal(answer(Buffer.alloc(11), 512), undefined);
  });

  it('never fails, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 7, maxLength: 600 }), (question) => {
        const header = Buffer.from('123400000001000000000000', 'hex');
        for (const bytes of [Buffer.from(question), Buffer.concat([header, question])]) {
          const written = answer(bytes, 512);
          assert.ok(written === undefined || written.length <= Math.max(512, bytes.length));
        }
      }),
    );
  });
});
