import { connect, type FrameStream, type StreamSocket } from 'socketserver';
import { RcmdError } from '../../errors.ts';
import type { Asker, Decision, Operation } from '../../policy/operation.ts';
import type { ServerEvent } from '../server-events.ts';
import { answerCodec, type CoreAnswer, type CoreRequest, requestCodec } from './core-messages.ts';
import type {
  Admission,
  Authorization,
  CommandAsk,
  ConnectionAsk,
  Core,
  CoreState,
  PresentedKey,
} from './core.ts';
import type { Refusal, RequestName } from './intake-guard.ts';

/** The core, from a worker. */
export class RemoteCore implements Core {
  readonly #socket: StreamSocket;
  readonly #requests: FrameStream<CoreRequest, unknown>;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  private constructor(socket: StreamSocket) {
    this.#socket = socket;
    this.#requests = socket.frames<CoreRequest, unknown>(requestCodec);
    void this.#readAnswers();
  }

  /** @throws the system's error where the server is gone. */
  static async connect(path: string): Promise<RemoteCore> {
    return new RemoteCore(await connect(`unix:${path}`));
  }

  connected(request: RequestName, connection: ConnectionAsk): Promise<Admission> {
    return this.#ask('connected', request, connection) as Promise<Admission>;
  }

  disconnected(connectionId: string): void {
    this.#tell('disconnected', connectionId);
  }

  refused(request: RequestName, refusal: Refusal): Promise<void> {
    return this.#ask('refused', request, refusal) as Promise<void>;
  }

  blamed(refusal: Refusal): void {
    this.#tell('blamed', refusal);
  }

  admit(ask: CommandAsk): Promise<Admission> {
    return this.#ask('admit', ask) as Promise<Admission>;
  }

  started(commandId: string, pid: number): void {
    this.#tell('started', commandId, pid);
  }

  ended(commandId: string): void {
    this.#tell('ended', commandId);
  }

  state(): Promise<CoreState> {
    return this.#ask('state') as Promise<CoreState>;
  }

  publish(event: ServerEvent): void {
    this.#tell('publish', event);
  }

  authorize(key: PresentedKey): Promise<Authorization | undefined> {
    return this.#ask('authorize', key) as Promise<Authorization | undefined>;
  }

  decide(operation: Operation, asker: Asker): Promise<Decision | undefined> {
    return this.#ask('decide', operation, asker) as Promise<Decision | undefined>;
  }

  #tell(call: keyof Core, ...args: readonly unknown[]): void {
    void this.#requests.write({ call, args });
  }

  #ask(call: keyof Core, ...args: readonly unknown[]): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    const waiter = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiter);
    this.#requests.write({ id, call, args }).catch((error: unknown) => waiter.reject(lost(error)));
    return waiter.promise;
  }

  async #readAnswers(): Promise<void> {
    let failure: unknown;
    try {
      for await (const answer of this.#socket.frames<CoreAnswer>(answerCodec)) this.#answered(answer);
    } catch (error) {
      failure = error;
    }
    for (const waiter of this.#waiting.values()) waiter.reject(lost(failure));
    this.#waiting.clear();
    this.#socket.close();
  }

  #answered({ id, result, error }: CoreAnswer): void {
    const waiter = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiter?.resolve(result);
    else waiter?.reject(new RcmdError('FAILED', error));
  }
}

function lost(cause: unknown): RcmdError {
  return new RcmdError('FAILED', 'the server is gone, of which this is a worker', { cause });
}
