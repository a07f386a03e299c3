import { currentUser, homeFolder } from '../paths/current-user.ts';
import { defaultPath } from '../paths/system-programs.ts';

/** Variables that make programs run code of whoever set them, or hide what they do. No client sets them. */
const refused =
  /^(LD_.*|DYLD_.*|GCONV_PATH|LOCPATH|NLSPATH|MALLOC_.*|NODE_OPTIONS|NODE_PATH|BASH_ENV|ENV|BASHOPTS|SHELLOPTS|PS4|PROMPT_COMMAND|IFS|CDPATH|GLOBIGNORE|BASH_FUNC_.*|GIT_SSH.*|GIT_EXEC_PATH|GIT_CONFIG.*|GIT_PROXY_COMMAND|PYTHON.*|PERL5.*|PERLLIB|RUBYOPT|RUBYLIB|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|RCMD_.*)$/;

/** All that keys with limits may set: any other may make some program run code. */
const harmless = /^(LANG|LC_[A-Z]+|TERM|TZ|NO_COLOR|COLORTERM)$/;

/** What a name of a variable looks like. [POSIX 8.1] */
const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether a client may not set a variable. */
export function refusedVariable(name: string, { isLimited }: { readonly isLimited: boolean }): boolean {
  return !variableName.test(name) || refused.test(name) || (isLimited && !harmless.test(name));
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
    ...(process.env['TZ'] === undefined ? {} : { TZ: process.env['TZ'] }),
    ...given,
    ...sessionVariables(facts),
  };
}

/** The variables that tell a command where it comes from. */
export function sessionVariables({ address, principal, connectionId }: SessionFacts): Record<string, string> {
  return { RCMD_CLIENT: address, RCMD_PRINCIPAL: principal, RCMD_CONNECTION: connectionId };
}
