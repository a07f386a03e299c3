import { ProtocolError, RcmdError } from '../errors.ts';
import { maxPayloadBytes } from './frame.ts';
import {
  aBoolean,
  aCount,
  aDuration,
  aWord,
  type FieldRules,
  listOf,
  optional,
  readJSON,
  recordOf,
} from './json-payload.ts';

/** What a client wants to run: the payload of OPEN. Checked key by key; unknown keys are refused. */
export interface OpenRequest {
  /** The program and its arguments, taken as they are; or one string for a POSIX shell. Exactly one of them. */
  readonly argv?: readonly string[];
  readonly shell?: string;
  /** Where it runs: a path on the server, from the home directory of its user on, or the prompt's own; which is the default. */
  readonly cwd?: string;
  /** Variables besides those that the server's policy sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the client will send input; if not the command reads an empty one. */
  readonly stdin: boolean;
  /** Milliseconds after which the server ends it; absent for no limit but the server's own. */
  readonly timeoutMs?: number;
  /** Milliseconds without any output or input after which the server ends it. */
  readonly idleTimeoutMs?: number;
  /** Bytes of output, both streams together, after which the server ends it. */
  readonly maxOutputBytes?: number;
  /** What ends it first; SIGKILL follows after `graceMs`. Default `'SIGTERM'` and 5,000. */
  readonly killSignal?: string;
  readonly graceMs?: number;
  /**
   * Names the state of a prompt on this connection: the working directory and the environment that one command leaves
   * are where the next one of the same name begins. Only with `shell`.
   */
  readonly session?: string;
  /** Bytes that the server may send of each stream before it is given more. */
  readonly credit: { readonly stdout: number; readonly stderr: number };
}

const rules: FieldRules = {
  argv: optional(listOf(aWord)),
  shell: optional(aWord),
  cwd: optional(aWord),
  env: optional(recordOf(aWord)),
  stdin: aBoolean,
  timeoutMs: optional(aDuration),
  idleTimeoutMs: optional(aDuration),
  maxOutputBytes: optional(aCount),
  killSignal: optional(aWord),
  graceMs: optional(aDuration),
  session: optional(aWord),
  credit: recordOf(aCount),
};

/** @throws ProtocolError */
export function decodeOpen(payload: Buffer): OpenRequest {
  const request = readJSON(payload, 'OPEN', rules) as unknown as OpenRequest;
  const { argv, shell, session, credit } = request;
  if ((argv === undefined) === (shell === undefined)) {
    throw new ProtocolError('OPEN must have either argv or shell');
  }
  if (argv?.length === 0 || argv?.[0] === '') throw new ProtocolError('OPEN.argv must begin with a program');
  if (session !== undefined && shell === undefined)
    throw new ProtocolError('OPEN.session must come with shell');
  if (credit.stdout === undefined || credit.stderr === undefined) {
    throw new ProtocolError('OPEN.credit must have stdout and stderr');
  }
  return request;
}

/** What is asked for, before the connection adds its own. */
export type OpenAsk = Omit<OpenRequest, 'credit' | 'stdin'>;

/** Bytes of a request for what its connection adds. */
const reservedBytes = 1_024;

/** Bytes that a request may have as JSON: one frame holds it. */
export const maxRequestBytes = maxPayloadBytes - reservedBytes;

/**
 * Looks for what a server would take for a broken client, which ends the connection.
 *
 * @throws RcmdError `BAD_REQUEST`, with what would be right.
 */
export function requireSendable(request: OpenAsk): void {
  const { argv = [], shell, cwd, env = {} } = request;
  const texts = [
    ...argv.map((word, index) => [index === 0 ? 'the program' : `argument ${index}`, word] as const),
    ['the line', shell] as const,
    ['the working directory', cwd] as const,
    ...Object.entries(env).map(([name, value]) => [`the variable ${name}`, value] as const),
  ];
  for (const [what, text] of texts) {
    const nul = text?.indexOf('\0') ?? -1;
    if (nul >= 0)
      throw badRequest(`${what} has a NUL byte after ${nul} characters, and must be text without NUL`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(request));
  if (bytes <= maxRequestBytes) return;
  throw badRequest(
    `its arguments and variables have ${bytes} bytes as JSON, where a request holds ${maxRequestBytes}: send more through the input, as in rcmd exec -i HOST -- sh -s < FILE`,
  );
}

function badRequest(problem: string): RcmdError {
  return new RcmdError('BAD_REQUEST', `Nothing was run: ${problem}`);
}
