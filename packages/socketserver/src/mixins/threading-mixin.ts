import { aBoolean, anything, oneOf, type OptionRules } from '../options/check-options.ts';
import type { ServerClass } from './server-class.ts';
import { WorkerMixIn } from './worker-mixin.ts';
import type {
  WorkerServer,
  WorkerServerClass,
  WorkerServerOptions,
  WorkerServerStatics,
} from './worker-server-class.ts';
import { setUpWorkers } from './worker-setup.ts';

/** What threading servers take besides the options of their transport. */
export interface ThreadingOptions extends WorkerServerOptions {
  /** Whether the process may end, and `serverClose()` return, while threads still serve requests. Default `false`. */
  readonly daemonThreads?: boolean | undefined;
}

/** What a threading server can do besides serving. */
export interface ThreadingServer extends WorkerServer {
  /** Whether the process may end, and `serverClose()` return, while threads still serve requests. */
  readonly daemonThreads: boolean;
}

/** The class attributes of a threading server. */
export interface ThreadingStatics extends WorkerServerStatics {
  readonly daemonThreads: boolean;
}

/** Threads at most, where the options do not say. */
const defaultMax = 32;

/**
 * Makes a server class threading: handlers run in a pool of worker threads, to which the connections themselves are
 * moved. A handler that blocks holds up only its thread; one that ends its thread loses only that thread's requests.
 *
 * The handler class must be exported, under its name, by the module that its `static module` names.
 *
 * @example
 * class MyServer extends ThreadingMixIn(TCPServer) {}
 *
 * @see CPython `socketserver.ThreadingMixIn`
 */
export function ThreadingMixIn<Base extends ServerClass>(
  Server: Base,
): WorkerServerClass<Base, ThreadingOptions, ThreadingStatics, ThreadingServer> {
  abstract class Threading extends WorkerMixIn(Server) {
    static readonly daemonThreads: boolean = false;
    static readonly blockOnClose: boolean = true;

    readonly daemonThreads: boolean;

    // oxlint-disable-next-line typescript/no-explicit-any -- TypeScript wants it of mixins (TS2545)
    constructor(...args: any[]) {
      const { daemonThreads, blockOnClose } = new.target as unknown as ThreadingStatics;
      const setup = setUpWorkers<ThreadingOptions>(args, {
        kind: 'thread',
        Class: new.target,
        rules: threadingRules,
        model: (own) => {
          const isDaemon = own.daemonThreads ?? daemonThreads;
          return {
            defaultMax,
            blockOnClose: (own.blockOnClose ?? blockOnClose) && !isDaemon,
            keepsProcessAlive: !isDaemon,
          };
        },
      });
      super(setup);
      this.daemonThreads = !setup.keepsProcessAlive;
    }
  }
  return Threading as unknown as WorkerServerClass<Base, ThreadingOptions, ThreadingStatics, ThreadingServer>;
}

const threadingRules: OptionRules<ThreadingOptions> = {
  workers: anything, // a group, checked by resolveWorkerOptions()
  blockOnClose: aBoolean,
  reloadSignal: oneOf('SIGHUP', 'SIGUSR1', 'SIGUSR2'),
  daemonThreads: aBoolean,
};
