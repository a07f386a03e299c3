import { BaseRequestHandler } from '../../../../src/index.ts';

/** Does not say where it is. */
export class NoModule extends BaseRequestHandler {}
