/** What an option must be, in words, and whether it is. */
export interface OptionRule {
  readonly must: string;
  readonly accepts: (value: unknown) => boolean;
}

/** Rules by key: a key without one is unknown. */
export type OptionRules<Options> = { readonly [Key in keyof Required<Options>]: OptionRule };

export const aBoolean: OptionRule = { must: 'true or false', accepts: (value) => typeof value === 'boolean' };

export const someText: OptionRule = {
  must: 'text that is not empty and holds no NUL',
  accepts: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
};

export const someMilliseconds: OptionRule = {
  must: 'a number of milliseconds above 0, Infinity for no limit',
  accepts: (value) => typeof value === 'number' && value > 0,
};

export const aSignal: OptionRule = {
  must: 'an AbortSignal',
  accepts: (value) => value instanceof AbortSignal,
};

export function oneOf(...values: readonly string[]): OptionRule {
  return {
    must: values.map((value) => `'${value}'`).join(' or '),
    accepts: (value) => values.includes(value as string),
  };
}

/**
 * Checks options, and copies those that are not `undefined`.
 *
 * @param action - begins the message, as in `Cannot connect`.
 * @throws TypeError for what is no object, an unknown key, or a value that breaks its rule.
 */
export function checkOptions<Options extends object>(
  given: Options,
  rules: OptionRules<Options>,
  action: string,
): Options {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`${action}: options must be an object, got ${show(given)}`);
  }
  const checked = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of Object.entries(given)) {
    if (!Object.hasOwn(rules, key)) {
      const known = Object.keys(rules).join(', ');
      throw new TypeError(`${action}: options must have only the keys ${known}; got ${show(key)}`);
    }
    if (value === undefined) continue;
    const { must, accepts } = rules[key as keyof Options];
    if (!accepts(value)) throw new TypeError(`${action}: options.${key} must be ${must}; got ${show(value)}`);
    checked[key] = value;
  }
  return checked as Options;
}

/** A value in a message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
