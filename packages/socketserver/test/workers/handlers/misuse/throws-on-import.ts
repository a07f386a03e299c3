import { isMainThread } from 'node:worker_threads';
import process from 'node:process';
import { BaseRequestHandler } from '../../../../src/index.ts';

export class ThrowsOnImport extends BaseRequestHandler {
  static override readonly module = import.meta.url;
}

if (!isMainThread || process.send !== undefined) throw new Error('no database here');
