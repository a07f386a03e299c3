export {
  type ArgumentTag,
  Client,
  CommandError,
  type CommandFault,
  type CommandResult,
  connect,
  type ConnectOptions,
  type ExecOptions,
  formatTarget,
  HostKeyError,
  type HostKeyFacts,
  type HostKeyFault,
  type HostKeyPolicy,
  type Input,
  type OutputOf,
  parseTarget,
  quote,
  RemoteProcess,
  type ResultOf,
  ShellSession,
  type ShellTag,
  type Target,
  type TargetInput,
  type TemplateValue,
} from './client/index.ts';
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
