import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HandlerModuleError } from '../errors/worker-errors.ts';
import type { RequestHandlerClass } from '../handlers/request-handler.ts';

/** Where a worker finds a handler class. */
export interface HandlerReference {
  /** URL of the module. */
  readonly module: string;
  /** The class's name, under which the module exports it. */
  readonly className: string;
}

/** The class of any handler: which requests it takes is the server's concern. */
// oxlint-disable-next-line typescript/no-explicit-any -- a class of handlers takes only its own kind of request
export type AnyHandlerClass = RequestHandlerClass<any, any>;

/**
 * Says where workers find a class: as far as can be known at once, that it is there.
 *
 * @param action - begins the message, as in `Cannot construct ThreadingTCPServer`.
 * @throws TypeError for a class without a name or a `static module`, or with one that is no URL of a file;
 *   {@link HandlerModuleError} (`HANDLER_MODULE`) for a file that does not exist.
 */
export function referToHandler(RequestHandlerClass: AnyHandlerClass, action: string): HandlerReference {
  if (typeof RequestHandlerClass !== 'function') {
    throw new TypeError(`${action}: RequestHandlerClass must be a class, got ${typeof RequestHandlerClass}`);
  }
  const { name: className, module } = RequestHandlerClass;
  if (className === '') {
    throw new TypeError(
      `${action}: RequestHandlerClass must have a name, under which its module exports it, got an anonymous class`,
    );
  }
  const given: unknown = module;
  if (typeof given !== 'string') {
    throw new TypeError(
      `${action}: ${className} must say which module exports it, so that workers can load it; add to the class:` +
        ' static readonly module = import.meta.url;',
    );
  }
  const file = given.startsWith('file:') && URL.canParse(given) ? fileURLToPath(given) : undefined;
  if (file === undefined) {
    throw new TypeError(
      `${action}: ${className}.module must be import.meta.url of its module, got '${given}'`,
    );
  }
  const reference = { module: given, className };
  if (!existsSync(file)) {
    throw new HandlerModuleError(
      `${action}: the module of ${className} does not exist: ${given}; it must be import.meta.url`,
      reference,
    );
  }
  return reference;
}

/** What a worker knows about itself, for {@link refuseServerInWorker}. */
interface WorkerMark extends HandlerReference {
  isLoading: boolean;
}

/** On the global object, since a handler may come with a copy of this library of its own. */
const markKey = Symbol.for('socketserver.worker');
const marked = globalThis as { [markKey]?: WorkerMark };

/**
 * Imports a handler class, in a worker.
 *
 * @throws {@link HandlerModuleError}, whose message names the class, the module and what to change.
 */
export async function loadHandler(reference: HandlerReference): Promise<AnyHandlerClass> {
  const { module, className } = reference;
  const mark: WorkerMark = { ...reference, isLoading: true };
  marked[markKey] = mark;
  let exported: Record<string, unknown>;
  try {
    exported = (await import(module)) as Record<string, unknown>;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'HANDLER_MODULE') throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new HandlerModuleError(
      `A worker cannot load ${className}: its module ${module} cannot be imported: ${why}`,
      reference,
      { cause },
    );
  } finally {
    mark.isLoading = false;
  }
  const found = exported[className];
  if (typeof found === 'function') return found as AnyHandlerClass;
  const names = Object.keys(exported);
  const has = names.length === 0 ? 'nothing' : names.join(', ');
  throw new HandlerModuleError(
    `A worker cannot load ${className}: its module ${module} must export it under this name` +
      ` (export class ${className} ...), got ${has}`,
    reference,
  );
}

/**
 * Keeps a handler's module from starting its server again in every worker that imports it.
 *
 * @param action - begins the message.
 * @param handler - the class that the new server's own workers would load, if it has any.
 * @throws {@link HandlerModuleError} while a worker imports its handler's module, and later for a server whose
 *   workers would load the same class.
 */
export function refuseServerInWorker(action: string, handler?: HandlerReference): void {
  const mark = marked[markKey];
  if (mark === undefined) return;
  const isSame = handler?.module === mark.module && handler.className === mark.className;
  if (!mark.isLoading && !isSame) return;
  throw new HandlerModuleError(
    `${action}: this is a worker, which imports the module of ${mark.className} (${mark.module}) for its handler;` +
      ' let the module start its server only when it is the program: if (import.meta.main) { ... }',
    mark,
  );
}
