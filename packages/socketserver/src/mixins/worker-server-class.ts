import type { WorkerLostEvent } from '../diagnostics/worker-events.ts';
import type { WorkerOptions } from '../workers/worker-options.ts';
import type { ServerClass } from './server-class.ts';

/** What servers with workers take besides the options of their transport. */
export interface WorkerServerOptions {
  /** How many threads or processes run the handlers, and for how long. */
  readonly workers?: WorkerOptions | undefined;
  /** Whether `serverClose()` waits for the requests that run; if not, they are drained behind its back. Default `true`. */
  readonly blockOnClose?: boolean | undefined;
  /** A signal at which the server reloads its workers, such as `'SIGHUP'`. Default: none. */
  readonly reloadSignal?: NodeJS.Signals | undefined;
}

/** Options of {@link WorkerServer.reload}. */
export interface ReloadOptions {
  /**
   * Milliseconds until requests of the old workers are ended by force; they are told at once. Default `Infinity`:
   * they are not disturbed.
   */
  readonly drainMs?: number;
}

/** What servers with workers can do besides serving. */
export interface WorkerServer {
  /** Whether `serverClose()` waits for the requests that run. */
  readonly blockOnClose: boolean;

  /**
   * Brings up fresh workers, which load the handler's module as it is now, behind the same listening socket; then
   * lets the old ones go as their requests end. No connection is refused or reset.
   *
   * @throws HandlerModuleError (`HANDLER_MODULE`) for a module that cannot be loaded: the old workers stay then.
   */
  reload(options?: ReloadOptions): Promise<void>;

  /**
   * You may override: learns that a worker is gone that was not meant to go; `handleError` learns of each request
   * that it served. Prints why to stderr where no request tells it, or where a crash loop is slowed down.
   */
  handleWorkerLost(event: WorkerLostEvent): void;
}

/** What the class attributes of servers with workers are called. */
export interface WorkerServerStatics {
  /** Whether `serverClose()` waits for the requests that run. */
  readonly blockOnClose: boolean;
}

/** A handler class that says which module exports it. */
export interface LoadableHandler {
  /** `import.meta.url` of the module that exports the class under its name. */
  readonly module: string;
}

/** The arguments of a server class: its handler must be loadable, and it takes further options. */
export type WorkerArguments<Arguments extends readonly unknown[], Options> = Arguments extends readonly [
  infer Address,
  infer Handler,
  infer Given,
]
  ? [serverAddress: Address, RequestHandlerClass: Handler & LoadableHandler, options: Given & Options]
  : Arguments extends readonly [infer Address, infer Handler, (infer Given)?]
    ? [
        serverAddress: Address,
        RequestHandlerClass: Handler & LoadableHandler,
        options?: (NonNullable<Given> & Options) | undefined,
      ]
    : Arguments;

/** A server class with workers, made of `Base`: its class attributes, and what its objects can do besides. */
export type WorkerServerClass<Base extends ServerClass, Options, Statics, Instance> = Pick<Base, keyof Base> &
  Statics &
  (new (...args: WorkerArguments<ConstructorParameters<Base>, Options>) => InstanceType<Base> & Instance);
