import { checkOption, type OptionRule } from './check-options.ts';

/**
 * Checks the attributes of a class (`static`) that stand for options where those are not given: the same rules hold.
 * Attributes that the class does not have, and those that are `undefined`, are left alone.
 *
 * @param action - begins the message, as in `Cannot construct MyServer`.
 * @throws TypeError for a value that breaks its rule.
 */
export function checkClassAttributes(
  Class: { readonly name: string },
  rules: Readonly<Record<string, OptionRule>>,
  action: string,
): void {
  const attributes = Class as unknown as Readonly<Record<string, unknown>>;
  for (const [key, rule] of Object.entries(rules)) {
    const value = attributes[key];
    if (value !== undefined) checkOption(value, rule, { action, path: `${Class.name}.${key}` });
  }
}
