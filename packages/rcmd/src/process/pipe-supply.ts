import { NamedPipes } from './named-pipes.ts';
import { NativePipes } from './native-pipes.ts';

/** The two ends of a pipe, as descriptors of this process. */
export interface PipeEnds {
  /** For an event loop. */
  readonly ours: number;
  /** Blocks, as programs expect; for a child. Closed by whoever started it. */
  readonly childs: number;
}

/**
 * Where pipes come from. Node has no `pipe(2)`, and what it gives to children itself are sockets, which `/dev/stdin`,
 * `/dev/stdout` and `/dev/stderr` cannot be opened on. [unix(7)]
 */
export interface PipeSupply {
  /** Whether `count` pipes can be taken now. */
  has(count: number): boolean;
  /** Waits until there are `count` pipes, which others may take first. @throws the system's error. */
  reserve(count: number): Promise<void>;
  /** A pipe that the child writes to. There must be one: see {@link has}. */
  takeOutput(): PipeEnds;
  /** A pipe that the child reads from. */
  takeInput(): PipeEnds;
  close(): Promise<void>;
}

/** @param folder - for those pipes that need one; it is made then. */
export async function openPipeSupply(folder: string, choice: 'auto' | 'named'): Promise<PipeSupply> {
  const native = choice === 'auto' ? await NativePipes.load() : undefined;
  return native ?? new NamedPipes(folder);
}
