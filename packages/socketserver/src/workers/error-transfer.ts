import { serialize } from 'node:v8';
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

/** Errors at most that one takes along: one may name itself many times among its own. */
const maxErrors = 100;

/**
 * Writes down what was thrown, for {@link reviveError} on the other side. Structured clone alone would drop `code`. Whatever
 * was thrown, this throws nothing, and what it returns can go to a thread or a process: else it took the whole worker along.
 */
export function transferError(thrown: unknown): Transferred {
  try {
    // `undefined` alone would say on the other side that nothing was thrown.
    const told = thrown === undefined ? new Error('undefined was thrown') : thrown;
    return transfer(told, { depth: 0, budget: { errors: maxErrors } });
  } catch {
    return transferError(new Error('Something was thrown that cannot be read')); // a Proxy can do that
  }
}

interface Place {
  /** How many errors it is the cause of a cause of. */
  readonly depth: number;
  /** How many more may go along. */
  readonly budget: { errors: number };
}

function transfer(thrown: unknown, { depth, budget }: Place): Transferred {
  if (!(thrown instanceof Error)) {
    return { isError: false, value: isCloneable(thrown) ? thrown : textOf(thrown) };
  }
  budget.errors -= 1;
  const goesOn = depth < maxDepth;
  const next = { depth: depth + 1, budget };
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(thrown)) {
    const value = read(thrown, key);
    if (!wellKnown.has(key) && isCloneable(value)) fields[key] = value;
  }
  const stack = read(thrown, 'stack');
  const errors = thrown instanceof AggregateError ? read(thrown, 'errors') : undefined;
  const all: readonly unknown[] | undefined = Array.isArray(errors) ? errors : undefined;
  return {
    isError: true,
    error: {
      name: textOf(read(thrown, 'name') ?? 'Error'),
      message: textOf(read(thrown, 'message') ?? ''),
      stack: typeof stack === 'string' ? stack : undefined,
      cause: goesOn && 'cause' in thrown ? transfer(read(thrown, 'cause'), next) : undefined,
      errors: goesOn
        ? all?.flatMap((error) => (budget.errors > 0 ? [transfer(error, next)] : []))
        : undefined,
      fields,
    },
  };
}

/** A field, which may be a getter that throws. */
function read(error: Error, key: string): unknown {
  try {
    return (error as unknown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'something that has no text';
  }
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

/** Whether a value can go to a thread and to a process: shared memory cannot go to a process, nor a `URL` to a thread. */
function isCloneable(value: unknown): boolean {
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') return true;
  try {
    structuredClone(value);
    serialize(value);
    return true;
  } catch {
    return false;
  }
}
