import { currentUser, homeFolder } from '../paths/current-user.ts';
import { defaultPath } from '../paths/system-programs.ts';

/** The common variables that make programs run code of whoever set them, or hide what they do; there are more that only some know. No client sets them, but where somebody of the server’s said so. */
const refused =
  /^(PATH|LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*|NODE_OPTIONS|NODE_PATH|BASH_ENV|ENV|BASHOPTS|SHELLOPTS|PS4|PROMPT_COMMAND|IFS|CDPATH|GLOBIGNORE|BASH_FUNC_.*|GIT_SSH.*|GIT_EXEC_PATH|GIT_CONFIG.*|GIT_PROXY_COMMAND|PYTHON.*|PERL5.*|PERLLIB|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|RCMD_.*)$/;

/** All that keys with limits may set: any other may make some program run code. */
const harmless = /^(LANG|LC_[A-Z]+|TERM|TZ|NO_COLOR|COLORTERM)$/;

/** What a name of a variable looks like. [POSIX 8.1] */
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What is to be known of a client, to tell which variables it may set. */
export interface VariableRights {
  /** Whether its key has limits. */
  readonly isLimited: boolean;
  /** Names that were accepted for it, whatever else is refused. */
  readonly accepted?: readonly string[] | undefined;
}

/** Whether a client may not set a variable. */
export function refusedVariable(name: string, { isLimited, accepted = [] }: VariableRights): boolean {
  if (accepted.includes(name) && isAcceptable(name)) return false;
  return !variableName.test(name) || refused.test(name) || (isLimited && !harmless.test(name));
}

/** Whether a name may be accepted at all: those of `RCMD_` are the server’s own word on where a command comes from. */
export function isAcceptable(name: string): boolean {
  return variableName.test(name) && !name.startsWith('RCMD_');
}

/** What a command is told about where it comes from. */
export interface SessionFacts {
  /** The client's address. */
  readonly address: string;
  /** Who asked for it. */
  readonly principal: string;
  readonly connectionId: string;
}

/**
 * The environment of a command: made from nothing, so that no variable of the server's own gets into it.
 *
 * @param given - what the client asked for, checked by `decide()`.
 */
export function commandEnvironment(
  given: Readonly<Record<string, string>>,
  facts: SessionFacts,
): Record<string, string> {
  const { username, shell } = currentUser();
  return {
    PATH: defaultPath(),
    HOME: homeFolder(),
    USER: username,
    LOGNAME: username,
    SHELL: shell,
    LANG: process.env['LANG'] ?? 'C.UTF-8',
    TERM: 'dumb', // commands have no terminal; a client that shows their output on one may say which
    ...(process.env['TZ'] === undefined ? {} : { TZ: process.env['TZ'] }),
    ...given,
    ...sessionVariables(facts),
  };
}

/** The variables that tell a command where it comes from. */
export function sessionVariables({ address, principal, connectionId }: SessionFacts): Record<string, string> {
  return { RCMD_CLIENT: address, RCMD_PRINCIPAL: principal, RCMD_CONNECTION: connectionId };
}
