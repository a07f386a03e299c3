import * as libraryErrors from '../errors/index.ts';

/** What is left of an error when it crosses a thread or a process: plain values only. */
export interface TransferredError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: Transferred | undefined;
  /** The errors of an `AggregateError`. */
  readonly errors: readonly Transferred[] | undefined;
  /** Own enumerable fields, such as `code`; those that cannot be copied are left out. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An error, or any other value that was thrown. */
export type Transferred =
  | { readonly isError: true; readonly error: TransferredError }
  | { readonly isError: false; readonly value: unknown };

/** Causes of causes are followed this far. */
const maxDepth = 8;

/** Writes down what was thrown, for {@link reviveError} on the other side. Structured clone alone would drop `code`. */
export function transferError(thrown: unknown, depth = 0): Transferred {
  if (!(thrown instanceof Error))
    return { isError: false, value: isCloneable(thrown) ? thrown : String(thrown) };
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(thrown)) {
    if (!wellKnown.has(key) && isCloneable(value)) fields[key] = value;
  }
  const goesOn = depth < maxDepth;
  const errors = thrown instanceof AggregateError ? (thrown.errors as readonly unknown[]) : undefined;
  return {
    isError: true,
    error: {
      name: thrown.name,
      message: thrown.message,
      stack: thrown.stack,
      cause: goesOn && 'cause' in thrown ? transferError(thrown.cause, depth + 1) : undefined,
      errors: goesOn ? errors?.map((error) => transferError(error, depth + 1)) : undefined,
      fields,
    },
  };
}

/**
 * Makes the error again: `name`, `message`, `stack`, `code`, `cause` and its own fields are as they were. Errors of
 * JavaScript and of this library are instances of their classes again; others are plain errors with their name.
 */
export function reviveError(transferred: Transferred): unknown {
  if (!transferred.isError) return transferred.value;
  const { name, message, stack, cause, errors, fields } = transferred.error;
  const error = new Error(message, cause === undefined ? undefined : { cause: reviveError(cause) });
  const prototype = prototypeOf(name);
  if (prototype !== undefined) Object.setPrototypeOf(error, prototype);
  if (error.name !== name) hide(error, 'name', name);
  if (errors !== undefined) hide(error, 'errors', errors.map(reviveError));
  hide(error, 'stack', stack);
  return Object.assign(error, fields);
}

const wellKnown = new Set(['name', 'message', 'stack', 'cause', 'errors']);

function prototypeOf(name: string): object | undefined {
  const known: unknown = (libraryErrors as Record<string, unknown>)[name] ?? builtIn.get(name);
  return typeof known === 'function' ? (known.prototype as object) : undefined;
}

const builtIn: ReadonlyMap<string, unknown> = new Map(
  [AggregateError, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (type) => [type.name, type] as const,
  ),
);

/** As JavaScript keeps these fields: not enumerable. */
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: false });
}

function isCloneable(value: unknown): boolean {
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return true;
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
