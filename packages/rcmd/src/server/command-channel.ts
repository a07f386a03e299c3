import type { IncomingStream } from '../link/incoming-stream.ts';
import type { OutgoingStream } from '../link/outgoing-stream.ts';
import type { ServerChannel } from '../link/server-channel.ts';

/** Where what a command writes goes. */
export type OutputSink = Pick<OutgoingStream, 'whenStopped' | 'room' | 'send' | 'end'>;

/** What a command of a client comes through: a channel of a link, or what does for it. */
export interface CommandChannel extends Pick<ServerChannel, 'request' | 'started' | 'failed' | 'ended'> {
  readonly stdin: Pick<IncomingStream, 'read' | 'stop'>;
  readonly stdout: OutputSink;
  readonly stderr: OutputSink;
}
