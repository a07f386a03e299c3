import type { OpenRequest } from '../protocol/open-request.ts';
import { everything, type KeyOptions } from '../trust/key-options.ts';
import type { Principal } from '../trust/principal.ts';
import { refusedVariable } from './environment.ts';
import type { Asker, Decision, Operation } from './operation.ts';

/** What is known about who asks. */
export interface Grounds {
  readonly asker: Asker;
  /** What `authorized_keys` says about the key now; `undefined` where it is not there (any more). Users of a Unix socket may do everything. */
  readonly options: KeyOptions | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Variables that the server accepts from clients without limits, though they are refused otherwise. */
  readonly acceptEnv?: readonly string[] | undefined;
}

const allow: Decision = { verdict: 'allow' };

/**
 * Decides about everything that anybody asks of a server. There is no other place: what this does not allow, does not happen.
 */
export function decide(operation: Operation, { asker, options, now, acceptEnv = [] }: Grounds): Decision {
  const rights = asker.principal.kind === 'user' ? everything : options;
  if (rights === undefined) return deny('this key is not in authorized_keys');
  const closed = closedTo(rights, { address: asker.address, now });
  if (closed !== undefined) return deny(closed);
  switch (operation.kind) {
    case 'exec':
    case 'shell':
      return decideCommand(operation.request, { rights, acceptEnv });
    case 'signal':
    case 'attach':
      return isSame(operation.owner, asker.principal) ? allow : deny('that command is somebody else’s');
    case 'list':
      return isLimited(rights) ? deny('this key may run its commands only') : allow;
    default:
      return operation satisfies never;
  }
}

/** Why a key counts for nothing now, or from there, whatever is asked for; `undefined` where it counts. */
export function closedTo(
  { expires, from }: KeyOptions,
  { address, now }: { readonly address: string; readonly now: number },
): string | undefined {
  if (expires !== undefined && now >= expires) return 'this key has expired';
  return from !== undefined && !isFrom(address, from) ? 'this key may not come from there' : undefined;
}

/** What a command is decided by. */
interface CommandGrounds {
  readonly rights: KeyOptions;
  readonly acceptEnv: readonly string[];
}

function decideCommand(request: OpenRequest, { rights, acceptEnv }: CommandGrounds): Decision {
  const hasLimits = isLimited(rights);
  // What the server accepts from all would open the limits of a key; what the key's own line accepts is part of them.
  const accepted = hasLimits ? rights.acceptEnv : rights.acceptEnv.concat(acceptEnv);
  const variable = Object.keys(request.env ?? {}).find((name) =>
    refusedVariable(name, { isLimited: hasLimits, accepted }),
  );
  if (variable !== undefined) return deny(`the variable ${variable} may not be set`);
  if (rights.command !== undefined) return force(request, rights.command);
  if (request.argv === undefined) {
    const hasShell = rights.shell && rights.allow.length === 0;
    return hasShell ? allow : deny('this key may not use a shell, only programs by their names');
  }
  if (rights.allow.length > 0 && request.cwd !== undefined) {
    return deny('this key may not choose a folder: leave out cwd, or -w');
  }
  const isAllowed = rights.allow.length === 0 || rights.allow.some((words) => matches(words, request.argv!));
  return isAllowed ? allow : deny('this key may not run that');
}

/** What was asked for reaches the forced command as data, never as code; so the client does not choose the directory either, whose files may be code. */
function force(request: OpenRequest, command: string): Decision {
  const { argv, shell, session: _session, cwd: _cwd, ...rest } = request;
  const original = shell ?? JSON.stringify(argv);
  return {
    verdict: 'allow',
    request: { ...rest, shell: command, env: { ...request.env, RCMD_ORIGINAL_COMMAND: original } },
  };
}

/** Whether the words of a command are those of a pattern, each for itself: a `*` never reaches over into the next. */
function matches(pattern: readonly string[], argv: readonly string[]): boolean {
  return pattern.length === argv.length && pattern.every((word, index) => matchesWord(word, argv[index]!));
}

function matchesWord(word: string, text: string): boolean {
  const [first = '', ...rest] = word.split('*');
  if (rest.length === 0) return word === text;
  if (!text.startsWith(first)) return false;
  const last = rest.pop()!;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function isLimited({ command, allow: allowed, shell }: KeyOptions): boolean {
  return command !== undefined || allowed.length > 0 || !shell;
}

function isFrom(address: string, from: NonNullable<KeyOptions['from']>): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return from.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}

function isSame(one: Principal, other: Principal): boolean {
  if (one.kind === 'key') return other.kind === 'key' && one.fingerprint === other.fingerprint;
  if (one.kind === 'anyone') return false; // nobody can tell
  return other.kind === 'user' && one.uid === other.uid;
}

function deny(reason: string): Decision {
  return { verdict: 'deny', reason };
}
