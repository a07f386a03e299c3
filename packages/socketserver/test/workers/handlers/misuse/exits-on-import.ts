import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { BaseRequestHandler } from '../../../../src/index.ts';

export class ExitsOnImport extends BaseRequestHandler {
  static override readonly module = import.meta.url;
}

if (!isMainThread || /entry.process/.test(process.argv[1] ?? '')) process.exit(3);
