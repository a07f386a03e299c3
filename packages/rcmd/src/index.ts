export { ProtocolError, RcmdError } from './errors.ts';
export { type CommandEnd, type CommandFailure, type KillReason } from './protocol/command-end.ts';
export { type CommandStatus, type ServerStatus } from './protocol/status.ts';
export { type CommandLimitOptions } from './server/command-limits.ts';
export { createServer, type RcmdServer, type ServeOptions } from './server/rcmd-server.ts';
export { type CommandFacts, type ConnectionFacts, type ServerEvent } from './server/server-events.ts';
export {
  type AuditOptions,
  type RcmdServerOptions,
  type ServerTimeoutOptions,
} from './server/server-options.ts';
