import { BlockList } from 'node:net';
import { isAcceptable } from '../policy/environment.ts';

/** What one key may do: the words before it in `authorized_keys`. */
export interface KeyOptions {
  /** Runs instead of whatever is asked for. */
  readonly command?: string | undefined;
  /** The only commands that may run, word by word; `*` in a word stands for any characters. */
  readonly allow: readonly (readonly string[])[];
  /** Whether a shell may interpret what is asked for. */
  readonly shell: boolean;
  /** Milliseconds since 1970 after which the key counts no more. */
  readonly expires?: number | undefined;
  /** Where connections may come from. */
  readonly from?: BlockList | undefined;
  /** Variables that a client may set beside those that any may. */
  readonly acceptEnv: readonly string[];
}

/** What a key without options may do: everything. */
export const everything: KeyOptions = Object.freeze({
  allow: Object.freeze([]),
  shell: true,
  acceptEnv: Object.freeze([]),
});

/**
 * Parses the options of a key: `no-shell,allow="systemctl status *",from="10.0.0.0/8,::1",expires=2027-01-01,command="backup"`.
 *
 * @returns the options and the rest of the line, or what is wrong.
 */
export function parseKeyOptions(line: string): { options: KeyOptions; rest: string } | { problem: string } {
  const options: { -readonly [Name in keyof KeyOptions]: KeyOptions[Name] } = { ...everything };
  const allow: string[][] = [];
  const pattern = /([a-z-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?(,|\s+|$)/y;
  let isLast = false;
  while (!isLast) {
    const match = pattern.exec(line);
    if (match === null)
      return {
        problem: 'its options cannot be read: they are name, name=value or name="value", with commas between',
      };
    const [, name = '', quoted, bare, end] = match;
    const value = quoted?.replace(/\\(.)/g, '$1') ?? bare;
    const problem = setOption({ options, allow, name, value });
    if (problem !== undefined) return { problem };
    isLast = end !== ',';
  }
  options.allow = allow;
  return { options, rest: line.slice(pattern.lastIndex) };
}

interface OptionToSet {
  readonly options: { -readonly [Name in keyof KeyOptions]: KeyOptions[Name] };
  readonly allow: string[][];
  readonly name: string;
  readonly value: string | undefined;
}

/** @returns what is wrong, if anything is. */
function setOption({ options, allow, name, value }: OptionToSet): string | undefined {
  if (name === 'no-shell') {
    options.shell = false;
    return value === undefined ? undefined : 'no-shell takes no value';
  }
  if (!['command', 'allow', 'expires', 'from', 'accept-env'].includes(name)) {
    return `there is no option ${name}: there are command, allow, no-shell, expires, from and accept-env`;
  }
  if (value === undefined || value === '') return `${name} needs a value`;
  switch (name) {
    case 'command':
      options.command = value;
      return undefined;
    case 'allow':
      allow.push(value.split(/\s+/));
      return undefined;
    case 'accept-env': {
      const names = value.split(',').map((name) => name.trim());
      const wrong = names.find((name) => !isAcceptable(name));
      options.acceptEnv = options.acceptEnv.concat(names);
      return wrong === undefined
        ? undefined
        : `accept-env must list names of variables such as PATH,EDITOR, none of RCMD_, got ${wrong}`;
    }
    case 'expires': {
      const time = Date.parse(value);
      options.expires = time;
      return Number.isNaN(time)
        ? `expires must be a date such as 2027-01-31 or 2027-01-31T12:00Z, got ${value}`
        : undefined;
    }
    default: {
      const list = new BlockList();
      const wrong = value.split(',').find((range) => !addRange(list, range.trim()));
      options.from = list;
      return wrong === undefined
        ? undefined
        : `from must list addresses or ranges such as 10.0.0.0/8, got ${wrong}`;
    }
  }
}

function addRange(list: BlockList, range: string): boolean {
  const [address = '', prefix] = range.split('/');
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  try {
    if (prefix === undefined) list.addAddress(address, family);
    else if (/^\d{1,3}$/.test(prefix)) list.addSubnet(address, Number(prefix), family);
    else return false;
    return true;
  } catch {
    return false;
  }
}
