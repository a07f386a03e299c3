import type { ClientChannel } from '../link/client-channel.ts';
import type { OutputName } from '../protocol/stream-id.ts';
import type { CollectedOutput } from './collected-output.ts';
import { OutputStream } from './output-stream.ts';

/** A stream that a user may read: one of the command's, or both in the order in which they came. */
export type OutputStreamName = OutputName | 'all';

const names: readonly OutputName[] = ['stdout', 'stderr'];

/** Where the output goes. */
export interface OutputDestination {
  /** What is kept for the result; `undefined` where nothing is. */
  readonly collected: CollectedOutput | undefined;
  /** There is more than may be kept. */
  readonly overflow: () => void;
}

/**
 * Takes the output of a command from its channel, and brings it to those who want it: the result, and streams.
 *
 * What the result keeps is bounded, and taken at once. What only a stream wants is taken as fast as that is read, and what nobody
 * wants is thrown away, from {@link flow} on.
 */
export class CommandOutput {
  readonly #channel: ClientChannel;
  readonly #destination: OutputDestination;
  readonly #streams = new Map<OutputStreamName, OutputStream>();
  /** What has arrived and was not taken, in its order. */
  #arrivals: OutputName[] = [];
  #isFlowing = false;
  #failure: Error | undefined;
  readonly #over = new Set<OutputName>();
  readonly #stopped = new Set<OutputName>();

  constructor(channel: ClientChannel, destination: OutputDestination) {
    this.#channel = channel;
    this.#destination = destination;
    channel.onOutput((name) => this.#arrived(name));
  }

  /** Lets go what no stream was taken for until now. */
  flow(): void {
    this.#isFlowing = true;
    this.#takeArrivals();
  }

  /** A stream for the user, the same at each call. */
  stream(name: OutputStreamName): OutputStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = new OutputStream({
        wanted: () => this.#takeArrivals(),
        closed: () => this.#closed(name),
      });
      this.#streams.set(name, stream);
      if (this.#failure !== undefined) stream.destroy(this.#failure);
      else if (sourcesOf(name).every((source) => this.#over.has(source))) stream.finish();
    }
    return stream;
  }

  /** The command has ended: what it wrote is here. */
  end(): void {
    for (const name of names) this.#arrived(name);
  }

  /** The command is lost, and with it the rest of its output. */
  fail(error: Error): void {
    this.#failure = error;
    for (const stream of this.#streams.values()) stream.destroy(error);
  }

  #arrived(name: OutputName): void {
    if (this.#arrivals.length === 0 && this.#mayTake(name)) {
      this.#take(name);
    } else {
      this.#arrivals.push(name);
      this.#takeArrivals();
    }
  }

  #takeArrivals(): void {
    const arrivals = this.#arrivals;
    if (arrivals.length === 0) return;
    this.#arrivals = [];
    const held = new Set<OutputName>();
    for (const name of arrivals) {
      if (held.has(name) || !this.#mayTake(name)) {
        // Who reads both reads them in their order.
        for (const each of this.#streams.has('all') ? names : [name]) held.add(each);
        this.#arrivals.push(name);
      } else {
        this.#take(name);
      }
    }
  }

  #mayTake(name: OutputName): boolean {
    if (this.#destination.collected !== undefined) return true;
    const own = this.#streams.get(name);
    const all = this.#streams.get('all');
    if (own === undefined && all === undefined) return this.#isFlowing;
    return own?.hasRoom !== false && all?.hasRoom !== false;
  }

  #take(name: OutputName): void {
    const source = this.#channel[name];
    const bytes = source.takeNow();
    if (bytes !== undefined) this.#bring(name, bytes);
    if (source.isOver && !this.#over.has(name)) this.#ended(name);
  }

  #bring(name: OutputName, bytes: Buffer): void {
    this.#streams.get(name)?.deliver(bytes);
    this.#streams.get('all')?.deliver(bytes);
    if (this.#destination.collected?.add(name, bytes) === false) this.#destination.overflow();
  }

  #ended(name: OutputName): void {
    this.#over.add(name);
    this.#streams.get(name)?.finish();
    if (this.#over.size === names.length) this.#streams.get('all')?.finish();
  }

  /** A reader has had enough: the command learns of it, once nobody else reads the same. */
  #closed(name: OutputStreamName): void {
    for (const source of sourcesOf(name)) {
      const readers = [this.#streams.get(source), this.#streams.get('all')];
      const isRead = readers.some((reader) => reader !== undefined && !reader.destroyed);
      if (isRead || this.#over.has(source) || this.#stopped.has(source)) continue;
      this.#stopped.add(source);
      this.#channel[source].stop();
    }
    this.#takeArrivals();
  }
}

function sourcesOf(name: OutputStreamName): readonly OutputName[] {
  return name === 'all' ? names : [name];
}
