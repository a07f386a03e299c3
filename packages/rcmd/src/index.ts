export {
  type ArgumentTag,
  Client,
  CommandError,
  type CommandFault,
  type CommandResult,
  connect,
  type ConnectOptions,
  type EndSignal,
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
export { type Authorization, type PresentedKey } from './server/core/core.ts';
export { type RefusalFault } from './server/core/intake-guard.ts';
export { createServer } from './server/create-server.ts';
export { type ConcurrencyModel } from './server/listeners.ts';
export { type RcmdServer, type ServeOptions } from './server/rcmd-server.ts';
export { type CommandFacts, type ConnectionFacts, type ServerEvent } from './server/server-events.ts';
export {
  type AdmissionOptions,
  type AuditOptions,
  type ClassicOptions,
  type RcmdServerOptions,
} from './server/server-options.ts';
export { type Asker, type Decision, type Operation } from './policy/operation.ts';
export { type Principal } from './trust/principal.ts';
export { type OpenRequest } from './protocol/open-request.ts';
export { type RcmdPaths, rcmdPaths } from './paths/rcmd-paths.ts';
