import { ProtocolError } from '../errors.ts';
import { escapeControls } from './escape-controls.ts';

/** Items that a list, and names that an object, may have. */
const maxItems = 4_096;

/** Says what a field must be; `undefined` where the value is that, else the words for the error. */
export type FieldRule = (value: unknown) => string | undefined;

/** The fields of an object by name, required unless {@link optional}. */
export type FieldRules = Readonly<Record<string, FieldRule>>;

const optionalRules = new WeakSet<FieldRule>();

export const aText: FieldRule = (value) => (typeof value === 'string' ? undefined : 'text');
export const aBoolean: FieldRule = (value) => (typeof value === 'boolean' ? undefined : 'true or false');

/** A whole number from 0 on that a JavaScript number holds exactly. */
export const aCount: FieldRule = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'a whole number from 0 on';

/** A number from 0 on; JSON knows no others that are not finite. */
export const aDuration: FieldRule = (value) =>
  typeof value === 'number' && value >= 0 ? undefined : 'a number from 0 on';

/** Text without NUL, which no argument, path or variable of a program can hold. [execve(2)] */
export const aWord: FieldRule = (value) =>
  typeof value === 'string' && !value.includes('\0') ? undefined : 'text without NUL';

export const listOf =
  (item: FieldRule): FieldRule =>
  (value) => {
    if (!Array.isArray(value) || value.length > maxItems) return `a list of at most ${maxItems}`;
    const wrong = value.map((each) => item(each)).find((words) => words !== undefined);
    return wrong === undefined ? undefined : `a list, each of it ${wrong}`;
  };

export const recordOf =
  (item: FieldRule): FieldRule =>
  (value) => {
    if (!isPlainObject(value)) return 'an object';
    const entries = Object.entries(value);
    if (entries.length > maxItems) return `an object of at most ${maxItems} names`;
    const wrong = entries.map(([, each]) => item(each)).find((words) => words !== undefined);
    return wrong === undefined ? undefined : `an object, each value of it ${wrong}`;
  };

/** An object whose fields are known; those that are not are let be, for what comes after this version. */
export const objectOf =
  (rules: FieldRules): FieldRule =>
  (value) => {
    if (!isPlainObject(value)) return 'an object';
    for (const [name, rule] of Object.entries(rules)) {
      if (value[name] === undefined && optionalRules.has(rule)) continue;
      const words = rule(value[name]);
      if (words !== undefined) return `an object whose ${name} must be ${words}`;
    }
    return undefined;
  };

export const oneOf =
  (...values: readonly string[]): FieldRule =>
  (value) =>
    values.includes(value as string) ? undefined : `one of ${values.join(', ')}`;

export function optional(rule: FieldRule): FieldRule {
  const optionalRule: FieldRule = (value) => rule(value);
  optionalRules.add(optionalRule);
  return optionalRule;
}

/**
 * Reads an object from its JSON, and checks each field. Objects have no prototype, so that a name in them is never mistaken for
 * something inherited.
 *
 * @param message - its name, for the error.
 * @throws {@link ProtocolError} for what is no JSON object, for a field that is unknown, missing or against its rule.
 */
export function readJSON(payload: Buffer, message: string, rules: FieldRules): Record<string, unknown> {
  const value = parse(payload, message);
  if (!isPlainObject(value)) throw new ProtocolError(`${message} must be an object`);
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(rules, name))
      throw new ProtocolError(`${message} has an unknown field ${escapeControls(JSON.stringify(name))}`);
  }
  for (const [name, rule] of Object.entries(rules)) {
    if (value[name] === undefined) {
      if (optionalRules.has(rule)) continue;
      throw new ProtocolError(`${message} must have a field ${JSON.stringify(name)}`);
    }
    const words = rule(value[name]);
    if (words !== undefined) throw new ProtocolError(`${message}.${name} must be ${words}`);
  }
  return value;
}

/** Characters of a sentence that go into a message: with every one escaped they fit a frame. */
const sentenceCharacters = 8_192;

/** A sentence for people that fits a message, whatever was quoted in it. */
export function shortened(text: string): string {
  return text.length > sentenceCharacters ? `${text.slice(0, sentenceCharacters - 1)}…` : text;
}

/** @throws RangeError for one that does not fit a frame. */
export function writeJSON(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function parse(payload: Buffer, message: string): unknown {
  try {
    return withoutPrototypes(JSON.parse(payload.toString()));
  } catch (error) {
    throw new ProtocolError(`${message} must be JSON`, { cause: error });
  }
}

/** A reviver for `JSON.parse()` would take four times as long for it all. */
function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  if (!isPlainObject(value)) return value;
  const bare = Object.create(null) as Record<string, unknown>;
  for (const name of Object.keys(value)) bare[name] = withoutPrototypes(value[name]);
  return bare;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
