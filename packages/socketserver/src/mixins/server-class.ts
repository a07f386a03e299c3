import type { BaseServer } from '../server/base-server.ts';

/** A server class that a mixin may extend. TypeScript wants `any[]` for the constructor of a mixin's base (TS2545). */
// oxlint-disable-next-line typescript/no-explicit-any
export type ServerClass = new (...args: any[]) => BaseServer<any, any, any>;
