import { aBoolean, anInteger, anything, oneOf, type OptionRules } from '../options/check-options.ts';
import type { ServerClass } from './server-class.ts';
import { WorkerMixIn } from './worker-mixin.ts';
import type {
  WorkerServer,
  WorkerServerClass,
  WorkerServerOptions,
  WorkerServerStatics,
} from './worker-server-class.ts';
import { setUpWorkers } from './worker-setup.ts';

/** What forking servers take besides the options of their transport. */
export interface ForkingOptions extends WorkerServerOptions {
  /** Child processes at most; `workers.max` wins over it. Default 40, as in Python. */
  readonly maxChildren?: number | undefined;
}

/** What a forking server can do besides serving. */
export interface ForkingServer extends WorkerServer {
  /** Child processes at most. */
  readonly maxChildren: number;
  /** The numbers of the child processes, those included that wait for their next request. */
  readonly activeChildren: ReadonlySet<number>;
  /**
   * Does nothing: Node collects a child as soon as it ends, and no other process's. It is here so that code from
   * Python, which calls it from `serviceActions`, runs.
   */
  collectChildren(): void;
}

/** The class attributes of a forking server. */
export interface ForkingStatics extends WorkerServerStatics {
  readonly maxChildren: number;
  /** Seconds that `handleRequest()` waits. */
  readonly timeout: number | undefined;
}

/**
 * Makes a server class forking: handlers run in a pool of child processes, to which the connections themselves are
 * passed. Each process serves one request at a time, unless `workers.requestsPerWorker` says otherwise, and is used
 * again; so whatever a handler does to its process costs one request.
 *
 * The handler class must be exported, under its name, by the module that its `static module` names.
 *
 * @example
 * class MyServer extends ForkingMixIn(TCPServer) {}
 *
 * @see CPython `socketserver.ForkingMixIn`
 */
export function ForkingMixIn<Base extends ServerClass>(
  Server: Base,
): WorkerServerClass<Base, ForkingOptions, ForkingStatics, ForkingServer> {
  abstract class Forking extends WorkerMixIn(Server) {
    static readonly timeout: number | undefined = 300;
    static readonly maxChildren: number = 40;
    static readonly blockOnClose: boolean = true;

    readonly maxChildren: number;

    // oxlint-disable-next-line typescript/no-explicit-any -- TypeScript wants it of mixins (TS2545)
    constructor(...args: any[]) {
      const { maxChildren, blockOnClose } = new.target as unknown as ForkingStatics;
      const setup = setUpWorkers<ForkingOptions>(args, {
        kind: 'process',
        Class: new.target,
        rules: forkingRules,
        model: (own) => ({
          defaultMax: own.maxChildren ?? maxChildren,
          blockOnClose: own.blockOnClose ?? blockOnClose,
          keepsProcessAlive: true,
        }),
      });
      super(setup);
      this.maxChildren = setup.workers.max;
    }

    get activeChildren(): ReadonlySet<number> {
      return new Set(this.workerIds);
    }

    collectChildren(): void {}
  }
  return Forking as unknown as WorkerServerClass<Base, ForkingOptions, ForkingStatics, ForkingServer>;
}

const forkingRules: OptionRules<ForkingOptions> = {
  workers: anything, // a group, checked by resolveWorkerOptions()
  blockOnClose: aBoolean,
  reloadSignal: oneOf('SIGHUP', 'SIGUSR1', 'SIGUSR2'),
  maxChildren: anInteger(1, 1_024),
};
