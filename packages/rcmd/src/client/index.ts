export { Client } from './client.ts';
export { CommandError } from './command-error.ts';
export { connect } from './connect.ts';
export { type ConnectOptions } from './connect-options.ts';
export { type ExecOptions, type Input } from './exec-options.ts';
export { HostKeyError, type HostKeyFacts, type HostKeyFault, type HostKeyPolicy } from './host-key.ts';
export { quote } from './quote.ts';
export { RemoteProcess } from './remote-process.ts';
export {
  type CommandFault,
  type CommandResult,
  type EndSignal,
  type OutputOf,
  type ResultOf,
} from './result.ts';
export { ShellSession } from './shell-session.ts';
export { type ArgumentTag, type ShellTag } from './tags.ts';
export { formatTarget, parseTarget, type Target, type TargetInput } from './target.ts';
export { type TemplateValue } from './template.ts';
