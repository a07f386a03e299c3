import { getSystemErrorMessage } from 'node:util';
import { printableSentence } from '../audit/printable.ts';

/** An error as one line for a terminal: what the system or the other side said is escaped, and there is no stack. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return printableSentence(String(error));
  const { code, errno, hostname } = error as NodeJS.ErrnoException & { readonly hostname?: unknown };
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (code === 'ENOTFOUND' && typeof hostname === 'string')
    return printableSentence(`there is no host ${hostname}`);
  // The text of the system for people, beside the place where it happened.
  const text = typeof errno === 'number' && code !== undefined ? getSystemErrorMessage(errno) : undefined;
  const isSaid = text === undefined || error.message.includes(text);
  return printableSentence(isSaid ? error.message : `${error.message} (${text})`);
}
