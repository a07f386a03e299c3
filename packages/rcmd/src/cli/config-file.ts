import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprintPattern } from '../trust/fingerprint.ts';
import { CliError } from './cli-error.ts';
import { variableName } from './environment-option.ts';
import { parseDuration } from '../terminal/duration.ts';
import { hostKeyPolicies, type HostKeyPolicy, isHostKeyPolicy } from './host-key-policy.ts';

/** A server under a name of the user's own. */
export interface NamedTarget {
  /** `host`, `host:port` or `unix:PATH`. */
  readonly address: string;
  /** The only key that the server may show; nothing is asked or remembered then. */
  readonly fingerprint?: string;
  readonly hostKeys?: HostKeyPolicy;
  /** Where commands run, unless `-w` says otherwise. */
  readonly workdir?: string;
  /** Variables of its commands, before those of `-e`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds that a command may run, unless `--timeout` says otherwise. */
  readonly timeoutMs?: number;
}

/** What the configuration file says. */
export interface Config {
  /** Default `'ask'`. */
  readonly hostKeys: HostKeyPolicy;
  readonly targets: ReadonlyMap<string, NamedTarget>;
}

/** What the name of a target looks like: nothing that an address could be mistaken for. */
const targetName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** Checks a value. @returns what it must be, where it is not. */
type Rule = (value: unknown) => string | undefined;

const aText: Rule = (value) =>
  typeof value === 'string' && value !== '' && !value.includes('\0') ? undefined : 'text without NUL';

const targetRules: Readonly<Record<string, Rule>> = {
  address: (value) => (aText(value) === undefined ? undefined : 'host, host:port or unix:PATH'),
  fingerprint: (value) =>
    typeof value === 'string' && fingerprintPattern.test(value) ? undefined : 'SHA256: and 43 characters',
  hostKeys: (value) => (isHostKeyPolicy(value) ? undefined : `one of ${hostKeyPolicies.join(', ')}`),
  workdir: aText,
  env: (value) =>
    isObject(value) && Object.entries(value).every(isVariable)
      ? undefined
      : 'an object of texts without NUL, under names of letters, digits and "_"',
  timeout: (value) =>
    typeof value === 'string' && parseDuration(value) !== undefined
      ? undefined
      : 'a length of time such as "30s"',
};

/** Where the configuration is: `$RCMD_CONFIG`, or `config.json` in the folder of the user's configuration. */
export function configPath(folder: string, env: NodeJS.ProcessEnv = process.env): string {
  const named = env['RCMD_CONFIG'];
  return named === undefined || named === '' ? join(folder, 'config.json') : named;
}

/**
 * Reads the configuration; an empty one where there is no file, unless `RCMD_CONFIG` names it.
 *
 * @throws {@link CliError} `CONFIG`, naming the file, the key and what it must be; the system's errors.
 */
export function readConfig(folder: string, env: NodeJS.ProcessEnv = process.env): Config {
  const path = configPath(folder, env);
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (path === join(folder, 'config.json')) return { hostKeys: 'ask', targets: new Map() };
    throw new CliError('CONFIG', `There is no file ${path}, which RCMD_CONFIG names`, { cause: error });
  }
  return parseConfig(text, path);
}

/** @param path - for the errors. */
export function parseConfig(text: string, path: string): Config {
  const wrong = (problem: string) => new CliError('CONFIG', `Cannot use ${path}: ${problem}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong(`it must be JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isObject(value)) throw wrong(`it must be an object, got ${JSON.stringify(value)}`);
  const { hostKeys = 'ask', targets = {}, ...rest } = value;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw wrong(`it has no key ${JSON.stringify(unknown)}: there are hostKeys and targets`);
  if (!isHostKeyPolicy(hostKeys))
    throw wrong(mustBe('hostKeys', targetRules['hostKeys']!(hostKeys)!, hostKeys));
  if (!isObject(targets)) throw wrong(mustBe('targets', 'an object', targets));
  const named = new Map<string, NamedTarget>();
  for (const [name, target] of Object.entries(targets)) {
    const problem = problemOf(name, target);
    if (problem !== undefined) throw wrong(problem);
    const { timeout, ...others } = target as { timeout?: string };
    const limit = timeout === undefined ? {} : { timeoutMs: parseDuration(timeout)! };
    named.set(name, { ...(others as Omit<NamedTarget, 'timeoutMs'>), ...limit });
  }
  return { hostKeys, targets: named };
}

function problemOf(name: string, target: unknown): string | undefined {
  const path = `targets.${name}`;
  if (!targetName.test(name))
    return `${JSON.stringify(path)} must be named with letters, digits, ".", "_" and "-", beginning with none of ".-"`;
  if (!isObject(target)) return mustBe(path, 'an object', target);
  for (const [key, value] of Object.entries(target)) {
    const rule = targetRules[key];
    if (rule === undefined)
      return `${path} has no key ${JSON.stringify(key)}: there are ${Object.keys(targetRules).join(', ')}`;
    const must = rule(value);
    if (must !== undefined) return mustBe(`${path}.${key}`, must, value);
  }
  return target['address'] === undefined ? `${path}.address must be host, host:port or unix:PATH` : undefined;
}

function mustBe(path: string, rule: string, value: unknown): string {
  return `${path} must be ${rule}, got ${JSON.stringify(value)}`;
}

function isVariable([name, text]: readonly [string, unknown]): boolean {
  return variableName.test(name) && aText(`=${String(text)}`) === undefined && typeof text === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
