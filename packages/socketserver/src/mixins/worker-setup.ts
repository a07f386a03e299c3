import { serialize } from 'node:v8';
import { checkOptions, type OptionRules } from '../options/check-options.ts';
import { checkClassAttributes } from '../options/class-attributes.ts';
import {
  type AnyHandlerClass,
  type HandlerReference,
  referToHandler,
  refuseServerInWorker,
} from '../workers/handler-module.ts';
import {
  type ResolvedWorkerOptions,
  resolveWorkerOptions,
  type WorkerKind,
} from '../workers/worker-options.ts';
import type { WorkerServerOptions } from './worker-server-class.ts';

/** What a threading or forking mixin has found in the arguments of a constructor. */
export interface WorkerSetup {
  readonly handler: HandlerReference;
  readonly workers: ResolvedWorkerOptions;
  readonly blockOnClose: boolean;
  /** Whether workers keep this process alive. */
  readonly keepsProcessAlive: boolean;
  readonly reloadSignal: NodeJS.Signals | undefined;
  /** For the constructor of the server under the mixin. */
  readonly serverArguments: readonly unknown[];
}

/** How a mixin reads the options that are its own. */
interface OwnOptions<Own extends WorkerServerOptions> {
  readonly kind: WorkerKind;
  /** The class that is constructed: `new.target`. */
  readonly Class: { readonly name: string };
  readonly rules: OptionRules<Own>;
  /** What they come to, together with the class attributes. */
  readonly model: (own: Readonly<Own>) => {
    readonly defaultMax: number;
    readonly blockOnClose: boolean;
    readonly keepsProcessAlive: boolean;
  };
}

/** @throws TypeError for data that cannot reach a worker; only threads can share memory. */
function requireCloneable(
  workerData: unknown,
  { kind, action }: { readonly kind: WorkerKind; readonly action: string },
): void {
  try {
    if (kind === 'thread') structuredClone(workerData);
    else serialize(workerData);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(`${action}: options.workerData must be data that a ${kind} can be sent: ${reason}`, {
      cause: error,
    });
  }
}

/**
 * Checks everything about the workers before the server under the mixin is constructed, so that a failure leaves
 * nothing open; and takes the mixin's own options out of the arguments.
 *
 * @param args - of the constructor: address, handler class, options.
 * @throws TypeError, RangeError and HandlerModuleError.
 */
export function setUpWorkers<Own extends WorkerServerOptions>(
  args: readonly unknown[],
  { kind, Class, rules, model }: OwnOptions<Own>,
): WorkerSetup {
  const action = `Cannot construct ${Class.name}`;
  checkClassAttributes(Class, rules, action);
  const [address, RequestHandlerClass, options, ...others] = args;
  const given = typeof options === 'object' && options !== null ? Object.entries(options) : undefined;
  const own = checkOptions(Object.fromEntries(given?.filter(([key]) => key in rules) ?? []) as Own, rules, {
    action,
    path: 'options',
  });
  const rest: unknown =
    given === undefined ? options : Object.fromEntries(given.filter(([key]) => !(key in rules)));
  const { engine, workerData } = (rest ?? {}) as {
    readonly engine?: { readonly name?: unknown };
    readonly workerData?: unknown;
  };
  requireCloneable(workerData, { kind, action });
  if (engine?.name === 'memory') {
    throw new TypeError(`${action}: options.engine must have sockets, which can go to workers, got 'memory'`);
  }
  const handler = referToHandler(RequestHandlerClass as AnyHandlerClass, action);
  refuseServerInWorker(action, handler);
  const { defaultMax, blockOnClose, keepsProcessAlive } = model(own);
  return {
    handler,
    workers: resolveWorkerOptions(own.workers, { kind, defaultMax, action }),
    blockOnClose,
    keepsProcessAlive,
    reloadSignal: own.reloadSignal,
    serverArguments: [address, RequestHandlerClass, rest, ...others],
  };
}
