/** What a person reads when something is not as it must be: one line each with what, where, and what would be right. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { explainFailure } from '../../src/cli/connection-failure.ts';
import { explainListening } from '../../src/cli/listening-failure.ts';
import { parseTarget } from '../../src/client/target.ts';
import { rcmdPaths } from '../../src/paths/rcmd-paths.ts';
import { reasonOf } from '../../src/terminal/reason-of.ts';
import { Machine } from '../support/machine.ts';
import { Served } from '../support/served.ts';

let served: Served;
before(async () => {
  served = await Served.start(['--listen', '127.0.0.1:0']);
});
after(() => served[Symbol.asyncDispose]());

/** What happens, by its name: prepares it, and gives the command line, and what is to be said. */
type Failure = (machine: Machine) => readonly [args: readonly string[], said: RegExp];

const otherKey = `SHA256:${'A'.repeat(43)}`;
const exec = (...words: readonly string[]): readonly string[] => ['exec', ...words, '--', 'true'];

const failures: Readonly<Record<string, Failure>> = {
  'a port in use': () => [
    ['serve', '--listen', served.host],
    /^bind EADDRINUSE 127\.0\.0\.1:\d+ \(address already in use\): does rcmd serve run already\? `rcmd status` tells; --listen takes another port$/,
  ],
  'a socket in use': (machine) => {
    const busy = createServer().listen(machine.file('run/busy'));
    after(() => busy.close());
    return [
      ['serve', '--listen', `unix:${machine.file('run/busy')}`],
      /^bind EADDRINUSE \S+\/run\/busy \(address already in use\): does rcmd serve run already\? `rcmd status unix:\S+\/run\/busy` tells; --listen takes another path$/,
    ];
  },
  'an address of another machine': (machine) => {
    mkdirSync(machine.file('.config/rcmd'), { recursive: true, mode: 0o700 });
    writeFileSync(machine.file('.config/rcmd/authorized_keys'), `${otherKey} ana\n`, { mode: 0o600 });
    return [
      ['serve', '--listen', '203.0.113.77:8888'],
      /^bind EADDRNOTAVAIL 203\.0\.113\.77:8888 \(address not available\): this machine has no such address; 0\.0\.0\.0 and \[::\] stand for all that it has$/,
    ];
  },
  'a key that may not come in': () => [
    exec('--host-keys', 'accept-new', served.host),
    /^127\.0\.0\.1:\d+ does not let you in: the key SHA256:\S+ is not in authorized_keys; on that machine: rcmd authorize KEY, with what rcmd key says here$/,
  ],
  'a server whose key has changed': (machine) => {
    mkdirSync(machine.file('.config/rcmd'), { recursive: true, mode: 0o700 });
    writeFileSync(machine.file('.config/rcmd/known_hosts'), `${served.host} ${otherKey}\n`, { mode: 0o600 });
    return [
      exec(served.host),
      /^THE KEY OF 127\.0\.0\.1:\d+ HAS CHANGED: .*SHA256:A{43}.*: rcmd trust --forget 127\.0\.0\.1:\d+$/,
    ];
  },
  'a server whose key is not known': () => [
    exec('--host-keys', 'strict', served.host),
    /^The server 127\.0\.0\.1:\d+ is not known: its key is SHA256:\S+; compare .*`rcmd trust 127\.0\.0\.1:\d+`$/,
  ],
  'an audit that is no folder': (machine) => {
    mkdirSync(machine.file('.local/state/rcmd'), { recursive: true, mode: 0o700 });
    writeFileSync(machine.file('.local/state/rcmd/audit'), '');
    return [
      ['serve', '--listen', '127.0.0.1:0'],
      /^\S+\/audit is no folder, and must be a folder of the user who runs this; look at it, then move it away or name another place: ls -ld \S+\/audit$/,
    ];
  },
  'a socket where no folder can be made': () => [
    ['serve', '--listen', 'unix:/proc/none/below/s'],
    /^ENOENT: no such file or directory, mkdir '\/proc\/none': no folder can be made there; --listen, XDG_\S+ .* name other places$/,
  ],
  'a socket that is none': (machine) => {
    writeFileSync(machine.file('run/file'), '');
    return [
      exec(`unix:${machine.file('run/file')}`),
      /^Cannot trust what is at \S+\/run\/file: it must be a socket$/,
    ];
  },
  'a socket in a folder that is open to others': (machine) => {
    mkdirSync(machine.file('open'));
    chmodSync(machine.file('open'), 0o777);
    return [
      ['serve', '--listen', `unix:${machine.file('open/s')}`],
      /^\S+\/open must be closed to all others; name one that is for this alone, or see what is there: ls -ld \S+\/open$/,
    ];
  },
};

describe('one line says what is wrong, and where, and what would be right, and the exit code is 125, of', () => {
  for (const [name, prepare] of Object.entries(failures)) {
    it(name, async () => {
      using machine = new Machine();
      const [args, said] = prepare(machine);
      const { code, stderr, stdout } = await machine.run(args);
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(stderr, /^rcmd: [^\n]+\n$/);
      assert.match(stderr.slice('rcmd: '.length, -1), said);
    });
  }

  it('a directory without a name, which would be the home directory', async () => {
    using machine = new Machine();
    for (const command of ['exec', 'shell']) {
      const { code, stderr } = await machine.run([command, '-w', '', served.host]);
      assert.equal(code, 125);
      assert.match(
        stderr,
        /^rcmd: option '-w, --workdir <dir>' argument '' is invalid\. It must name a directory\.\n/,
      );
    }
  });

  it('a server that speaks another protocol', async () => {
    using machine = new Machine();
    await using other = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('SSH-2.0-OpenSSH_9.9\r\n'),
    );
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const host = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const { code, stderr } = await machine.run(exec(host));
    assert.equal(code, 125);
    assert.match(stderr, /^rcmd: \S+ is no server of rcmd, [^\n]*: is it the right port\? [^\n]*\n$/);
  });
});

describe('what only a network, or another user, brings about is told of as well:', () => {
  const connecting = (address: string, error: object): string => {
    const target = { name: address, address, place: parseTarget(address), hostKeys: 'strict' } as const;
    return reasonOf(explainFailure(Object.assign(new Error('No answer'), error), target));
  };
  const listening = (message: string, error: object): string =>
    reasonOf(explainListening(Object.assign(new Error(message), error)));
  const { state } = rcmdPaths();

  for (const [name, said, expected] of [
    [
      'a host that cannot be reached',
      connecting('lab:9', { code: 'EHOSTUNREACH' }),
      'There is no way from here to lab:9: is the machine up, and is that its address?',
    ],
    [
      'a host that does not answer',
      connecting('lab:9', { code: 'CONNECT_TIMEOUT', message: 'lab:9 has not answered within 15000 ms' }),
      'lab:9 has not answered within 15000 ms: is that its address and port, and no firewall between?',
    ],
    [
      'a socket of another user',
      connecting('unix:/run/s', { code: 'EACCES' }),
      'This user may not use /run/s: a socket is for the user who runs its server, and nobody else',
    ],
    [
      'a port for root',
      listening('bind EACCES 127.0.0.1:80', { code: 'EACCES', syscall: 'bind', port: 80 }),
      'bind EACCES 127.0.0.1:80: ports below 1024 are for root; --listen takes another one',
    ],
    [
      'an audit that cannot be written',
      listening(`EACCES, open '${state}/audit/x.jsonl'`, { code: 'EACCES', path: `${state}/audit/x.jsonl` }),
      `EACCES, open '${state}/audit/x.jsonl': nothing runs that is not on record, so this user must be able to write in ${state}/audit: ls -ld ${state}/audit`,
    ],
  ] as const) {
    it(name, () => assert.equal(said, expected));
  }
});
