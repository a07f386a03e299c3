import { auditFolder } from '../audit/audit-folder.ts';
import { rcmdPaths } from '../paths/rcmd-paths.ts';
import { reasonOf } from '../terminal/reason-of.ts';
import { CliError } from './cli-error.ts';

/** An error of the system's about an address, as Node's and the library's are. */
type BindError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };

/** Ports that only root may open, on most machines. [ip(7), ip_unprivileged_port_start] */
const firstFreePort = 1_024;

const noFolder =
  'no folder can be made there; --listen, XDG_CONFIG_HOME, XDG_STATE_HOME and XDG_RUNTIME_DIR name other places';

/**
 * Says what a person can do about a server that does not start.
 *
 * @returns the error itself where there is nothing to add.
 */
export function explainListening(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof TypeError) {
    return new CliError('USAGE', error.message.replace(/^Cannot createServer: /, ''), { cause: error });
  }
  const advice = adviceFor(error);
  return advice === undefined
    ? error
    : new CliError('REFUSED', `${reasonOf(error)}: ${advice}`, { cause: error });
}

function adviceFor({ code, path = '', address, port, syscall }: BindError): string | undefined {
  const audit = auditFolder(rcmdPaths().state);
  if (path.startsWith(audit)) {
    return `nothing runs that is not on record, so this user must be able to write in ${audit}: ls -ld ${audit}`;
  }
  if (syscall === 'mkdir') return noFolder;
  if (syscall !== 'bind') return undefined;
  if (code === 'EADDRINUSE') {
    return port === undefined
      ? `does rcmd serve run already? \`rcmd status unix:${address}\` tells; --listen takes another path`
      : 'does rcmd serve run already? `rcmd status` tells; --listen takes another port';
  }
  if (code === 'EADDRNOTAVAIL') {
    return 'this machine has no such address; 0.0.0.0 and [::] stand for all that it has';
  }
  if (code !== 'EACCES') return undefined;
  if (port !== undefined && port < firstFreePort) {
    return `ports below ${firstFreePort} are for root; --listen takes another one`;
  }
  return 'this user may not listen there; --listen takes another address';
}
