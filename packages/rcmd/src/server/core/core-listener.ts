import { BaseRequestHandler, ConcurrentUnixStreamServer, type FrameStream } from 'socketserver';
import { answerCodec, type CoreAnswer, type CoreRequest, requestCodec } from './core-messages.ts';
import type { CommandAsk, ConnectionAsk, Core } from './core.ts';

/**
 * Lets workers call a core, over a Unix socket in a folder that is closed to others. What a worker has counted in is counted out
 * when its connection ends, however that comes.
 */
export class CoreListener implements AsyncDisposable {
  readonly path: string;
  readonly #server: ConcurrentUnixStreamServer;
  readonly #serving: Promise<void>;

  /** Binds and serves. @throws the system's error. */
  constructor(core: Core, path: string) {
    this.path = path;
    this.#server = new ConcurrentUnixStreamServer(path, WorkerHandler, {
      workerData: core,
      mode: 0o600,
      timeouts: { drainMs: 0 },
      notifySystemd: false,
    });
    this.#serving = this.#server.serveForever();
    this.#serving.catch(() => {}); // close() tells it
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.serverClose();
    await this.#serving;
  }
}

/** One worker. */
class WorkerHandler extends BaseRequestHandler {
  readonly #connections = new Set<string>();
  readonly #commands = new Set<string>();

  get #core(): Core {
    return this.server.workerData as Core;
  }

  override async handle(): Promise<void> {
    const answers = this.request.frames<CoreAnswer, CoreAnswer>(answerCodec);
    for await (const request of this.request.frames(requestCodec)) {
      this.#note(request);
      void this.#answer(request, answers);
    }
  }

  override finish(): void {
    for (const commandId of this.#commands) this.#core.ended(commandId);
    for (const connectionId of this.#connections) this.#core.disconnected(connectionId);
  }

  async #answer({ id, call, args }: CoreRequest, answers: FrameStream<CoreAnswer>): Promise<void> {
    try {
      const method = this.#core[call] as (...args: unknown[]) => unknown;
      const result = await method.apply(this.#core, [...args]);
      if (id !== undefined) await answers.write({ id, result });
    } catch (error) {
      if (id !== undefined)
        await answers.write({ id, error: error instanceof Error ? error.message : String(error) });
      else throw error;
    }
  }

  #note({ call, args }: CoreRequest): void {
    if (call === 'connected') this.#connections.add((args[1] as ConnectionAsk).connectionId);
    else if (call === 'disconnected') this.#connections.delete(args[0] as string);
    else if (call === 'admit') this.#commands.add((args[0] as CommandAsk).commandId);
    else if (call === 'ended') this.#commands.delete(args[0] as string);
  }
}
