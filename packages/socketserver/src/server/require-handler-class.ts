import { StreamRequestHandler, streamHandlerRules } from '../handlers/stream-request-handler.ts';
import { checkClassAttributes } from '../options/class-attributes.ts';

/** @throws TypeError for no handler class, or wrong attributes of one, for those whom no compiler has told. */
export function requireHandlerClass(given: unknown, action: string): void {
  const handle: unknown = (given as { prototype?: { handle?: unknown } } | undefined)?.prototype?.handle;
  if (typeof given !== 'function' || typeof handle !== 'function') {
    throw new TypeError(
      `${action}: RequestHandlerClass must be a class with a handle() method, got ${typeof given}`,
    );
  }
  if (given.prototype instanceof StreamRequestHandler) {
    checkClassAttributes(given, streamHandlerRules, action);
  }
}
