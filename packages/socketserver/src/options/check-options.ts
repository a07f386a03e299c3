/** A rule for one option: what the value must be, in words, and whether it is. */
export interface OptionRule {
  readonly must: string;
  readonly accepts: (value: unknown) => boolean;
}

/** Rules for the options of one group, by key. A key without a rule is unknown. */
export type OptionRules<Options> = { readonly [Key in keyof Required<Options>]: OptionRule };

export const aBoolean: OptionRule = { must: 'a boolean', accepts: (value) => typeof value === 'boolean' };

export const aString: OptionRule = { must: 'a string', accepts: (value) => typeof value === 'string' };

export const anything: OptionRule = { must: 'any value', accepts: () => true };

/** A rate or a size that may be zero. */
export const atLeastZero: OptionRule = {
  must: 'a finite number from 0 on',
  accepts: (value) => typeof value === 'number' && value >= 0 && value < Infinity,
};

/** A rate; `Infinity` means no limit. */
export const aboveZero: OptionRule = {
  must: 'a number above 0, Infinity for no limit',
  accepts: (value) => typeof value === 'number' && value > 0,
};

/** A duration; `Infinity` means no limit. */
export const milliseconds: OptionRule = {
  must: 'a number of milliseconds from 0 on, Infinity for no limit',
  accepts: (value) => typeof value === 'number' && value >= 0,
};

/** A duration that is not nothing; `Infinity` means no limit. */
export const someMilliseconds: OptionRule = {
  must: 'a number of milliseconds above 0, Infinity for no limit',
  accepts: (value) => typeof value === 'number' && value > 0,
};

/** A duration in Python's unit. */
export const seconds: OptionRule = {
  must: 'a number of seconds above 0',
  accepts: (value) => typeof value === 'number' && value > 0,
};

/** A count or a size; `Infinity` means no limit where `max` allows it. */
export function anInteger(min: number, max: number): OptionRule {
  return {
    must: `an integer from ${min} to ${max}`,
    accepts: (value) =>
      typeof value === 'number' &&
      value >= min &&
      value <= max &&
      (Number.isInteger(value) || value === Infinity),
  };
}

export function oneOf(...values: readonly string[]): OptionRule {
  return {
    must: `one of ${values.map((value) => `'${value}'`).join(', ')}`,
    accepts: (value) => typeof value === 'string' && values.includes(value),
  };
}

/**
 * Checks a group of options and returns a frozen copy without the undefined ones. The caller's object is not
 * kept and not changed.
 *
 * @param action - begins the message, as in `Cannot construct TCPServer`.
 * @param path - the group's name, or `options` itself.
 * @throws TypeError for a group that is no object, an unknown key, or a value that breaks its rule.
 */
export function checkOptions<Options extends object>(
  given: Options | undefined,
  rules: OptionRules<Options>,
  { action, path }: { readonly action: string; readonly path: string },
): Readonly<Options> {
  if (given === undefined) return Object.freeze({}) as Readonly<Options>;
  if (typeof given !== 'object' || given === null) {
    throw new TypeError(`${action}: ${path} must be an object, got ${show(given)}`);
  }
  const checked: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const rule = Object.hasOwn(rules, key) ? rules[key as keyof Options] : undefined;
    if (rule === undefined) {
      throw new TypeError(
        `${action}: ${path} must have only the keys ${Object.keys(rules).join(', ')}, got ${key}`,
      );
    }
    if (value === undefined) continue;
    checkOption(value, rule, { action, path: `${path}.${key}` });
    checked[key] = value;
  }
  return Object.freeze(checked) as Readonly<Options>;
}

/** Checks one value, which may not be `undefined` where its rule does not say so. @throws TypeError */
export function checkOption(
  value: unknown,
  rule: OptionRule,
  { action, path }: { readonly action: string; readonly path: string },
): void {
  if (!rule.accepts(value)) {
    throw new TypeError(`${action}: ${path} must be ${rule.must}, got ${show(value)}`);
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' && value !== null ? `an object` : String(value);
}
