import { maxRequestBytes, type OpenAsk } from '../protocol/open-request.ts';
import { checkExecOptions, type ExecOptions, requestOf } from './exec-options.ts';
import { show } from './option-rules.ts';
import { escapeCommand } from './quote.ts';

/** A command that was checked, and what its result says about it. */
export interface CommandRequest {
  readonly request: OpenAsk;
  readonly command: string;
  readonly escapedCommand: string;
  readonly host: string;
  readonly options: ExecOptions;
}

/** A program and its arguments. @throws TypeError, RangeError for what cannot be sent. */
export function argvRequest(argv: readonly string[], options: ExecOptions, host: string): CommandRequest {
  const action = 'Cannot exec';
  if (argv[0] === '') throw new TypeError(`${action}: file must name a program, got ""`);
  for (const [index, word] of argv.entries()) {
    const name = index === 0 ? 'file' : `args[${index - 1}]`;
    if (typeof word !== 'string' || word.includes('\0')) {
      throw new TypeError(`${action}: ${name} must be text without NUL, got ${show(word)}`);
    }
  }
  return withOptions({ argv: [...argv] }, { action, options, host });
}

/**
 * A line for a POSIX shell.
 *
 * @param session - names the state that lines of one connection may share.
 * @throws TypeError, RangeError for what cannot be sent.
 */
export function shellRequest(
  shell: string,
  options: ExecOptions,
  { host, session }: { readonly host: string; readonly session: string | undefined },
): CommandRequest {
  const action = 'Cannot run a line';
  if (typeof shell !== 'string' || shell.includes('\0')) {
    throw new TypeError(`${action}: it must be text without NUL, got ${show(shell)}`);
  }
  const opening = { shell, ...(session === undefined ? {} : { session }) };
  return withOptions(opening, { action, options, host });
}

function withOptions(
  what: Pick<OpenAsk, 'argv' | 'shell' | 'session'>,
  {
    action,
    options: given,
    host,
  }: { readonly action: string; readonly options: ExecOptions; readonly host: string },
): CommandRequest {
  const options = checkExecOptions(given, action);
  const request = { ...what, ...requestOf(options) };
  const bytes = Buffer.byteLength(JSON.stringify(request));
  if (bytes > maxRequestBytes) {
    throw new RangeError(
      `${action}: arguments and variables must have at most ${maxRequestBytes} bytes as JSON, got ${bytes}; send more through input`,
    );
  }
  const { argv, shell = '' } = what;
  return {
    request,
    command: argv?.join(' ') ?? shell,
    escapedCommand: argv === undefined ? escapeCommand(['sh', '-c', shell]) : escapeCommand(argv),
    host,
    options,
  };
}
