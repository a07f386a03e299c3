import { inspect } from 'node:util';

const rule = '-'.repeat(40);

/** The text that a server prints when a handler threw. [CPython: BaseServer.handle_error] */
export function formatFailure(clientAddress: string, error: unknown): string {
  return `${rule}\nException occurred during processing of request from ${clientAddress}\n${inspect(error)}\n${rule}\n`;
}
