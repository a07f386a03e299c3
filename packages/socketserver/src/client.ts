/** The client's side alone, for programs that have no server in them: they start in half the time. */
import './require-node.ts';

export { recycle } from './engine/tls/record-memory.ts';
export { FrameError } from './errors/frame-error.ts';
export { type FrameStream } from './request/frame-stream.ts';
export { connect, type ConnectSocketOptions } from './request/connect.ts';
export { type ReadUntilOptions, type StreamSocket } from './request/stream-socket.ts';
