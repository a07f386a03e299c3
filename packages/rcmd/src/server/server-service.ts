import { inspect } from 'node:util';
import type { TLSOptions } from 'socketserver';
import type { AuditRecord } from '../audit/audit-record.ts';
import { AuditJournal } from '../audit/journal.ts';
import { closedTo, decide } from '../policy/decide.ts';
import type { Asker, Decision, Operation } from '../policy/operation.ts';
import { CommandRunner } from '../process/command-runner.ts';
import type { ServerStatus } from '../protocol/status.ts';
import { type AuthorizedKey, AuthorizedKeys, authorizedKeysFile } from '../trust/authorized-keys.ts';
import { isSameFingerprint } from '../trust/fingerprint.ts';
import { everything, type KeyOptions, parseKeyOptions } from '../trust/key-options.ts';
import { alpnProtocol } from '../protocol/hello.ts';
import type { ConnectionContext } from './connection-context.ts';
import type { Authorization, Core, PresentedKey } from './core/core.ts';
import type { ServerSettings } from './server-settings.ts';
import { software } from '../protocol/software.ts';

/** What is known about a key that a client shows. */
export type KeyVerdict =
  | { readonly isKnown: true; readonly comment: string; readonly rights?: KeyOptions | undefined }
  | { readonly isKnown: false; readonly reason: string };

/** What a client is told where that is so; the server's own log says why. */
const unreadable = 'the server cannot read authorized_keys';

/**
 * Bytes that a client may send until it is known who it is: its first message, at most {@link greetingBytes}, mostly 1.7 KiB with a
 * post-quantum key share, once more where we ask for another share, and a certificate and its proof, 1 KiB for a key of ours.
 */
const maxHandshakeBytes = 8_192;

/** What the connections of one worker have in common: who may come in, what runs, and the audit. */
export class ServerService {
  readonly settings: ServerSettings;
  readonly core: Core;
  readonly runner: CommandRunner;
  /** The server's side of a handshake: one object, so that its certificate is read once. */
  readonly tls: TLSOptions;
  readonly #keys: AuthorizedKeys;
  readonly #journal: AuditJournal;

  private constructor(settings: ServerSettings, core: Core, runner: CommandRunner) {
    this.settings = settings;
    this.core = core;
    this.runner = runner;
    const { cert, key } = settings.identity;
    this.tls = {
      cert,
      key,
      minVersion: 'TLSv1.3',
      alpnProtocols: [alpnProtocol],
      clientCertificates: { mode: 'request' },
      sessionTickets: false, // one holds the client's certificate, and would not fit the first message
      maxHandshakeBytes,
    };
    this.#keys = new AuthorizedKeys(authorizedKeysFile(settings.paths.config));
    this.#journal = new AuditJournal(settings.audit.folder);
  }

  /** @throws the system's error where the folders cannot be used. */
  static async start(settings: ServerSettings, core: Core): Promise<ServerService> {
    const runner = await CommandRunner.start({ stateFolder: settings.paths.runtime });
    try {
      return new ServerService(settings, core, runner);
    } catch (error) {
      await runner.close();
      throw error;
    }
  }

  /** Looks up the client with this key: the server's own user, then whom the application lets in, then the file. */
  async lookUp(key: PresentedKey): Promise<KeyVerdict> {
    const { identity, asks } = this.settings;
    if (isSameFingerprint(key.fingerprint, identity.fingerprint)) {
      return { isKnown: true, comment: identity.comment, rights: everything };
    }
    const answer = asks.authorize ? await this.#askAbout(key) : undefined;
    if (answer === true) return { isKnown: true, comment: '', rights: everything };
    if (typeof answer === 'string') return open(rightsFrom(answer), key);
    if (answer !== undefined) return { isKnown: false, reason: 'the server does not let this key in' };
    let found: AuthorizedKey | undefined;
    try {
      found = this.#keys.find(key.fingerprint);
    } catch (error) {
      this.#tellFailure(error, key.address);
      return { isKnown: false, reason: unreadable };
    }
    if (found !== undefined) return open({ isKnown: true, comment: found.comment }, key, found.options);
    return { isKnown: false, reason: `the key ${key.fingerprint} is not in authorized_keys` };
  }

  /** Decides by what the files say now, and where that allows it by what the application says. What cannot be decided is denied; never rejects. */
  async decide(operation: Operation, { asker, rights }: ConnectionContext): Promise<Decision> {
    let options: KeyOptions | undefined;
    try {
      options = rights ?? this.#optionsNow(asker.principal);
    } catch (error) {
      this.#tellFailure(error, asker.address);
      return { verdict: 'deny', reason: unreadable };
    }
    const decision = decide(operation, {
      asker,
      options,
      now: Date.now(),
      acceptEnv: this.settings.acceptEnv,
    });
    if (decision.verdict === 'deny' || !this.settings.asks.policy) return decision;
    const answer = await this.#ask(asDecided(operation, decision), asker);
    if (answer === undefined) return decision;
    switch (answer?.verdict) {
      case 'allow':
        return answer.request === undefined ? decision : answer;
      case 'deny': {
        const reason = answer.reason as unknown; // anything, from JavaScript
        return {
          verdict: 'deny',
          reason: typeof reason === 'string' ? reason : 'the policy of the server denies it',
        };
      }
      default: // from JavaScript
        return { verdict: 'deny', reason: 'the policy of the server gave no decision' };
    }
  }

  /**
   * Adds a record to the audit.
   *
   * @returns whether things may go on: it is written, or the settings say that this does not matter.
   */
  record(record: Omit<AuditRecord, 'time'>): boolean {
    const { isDurable, mustBeWritten } = this.settings.audit;
    try {
      this.#journal.write(record, { isDurable });
      return true;
    } catch (error) {
      this.core.publish({ type: 'audit-failed', reason: (error as Error).message });
      return !mustBeWritten;
    }
  }

  async status(you: string): Promise<ServerStatus> {
    const { connections, commands } = await this.core.state();
    const { pid, startedAt } = this.settings;
    return { software, pid, uptimeMs: Math.max(0, Date.now() - startedAt), connections, you, commands };
  }

  /** Kills what runs, and what is left of what has run, without any grace: somebody is tired of waiting. */
  kill(): void {
    this.runner.killAll('server-draining');
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    await this.runner.close();
    this.#journal.close();
  }

  /** Puts away what can be without waiting, as the worker exits: the reaper ends what runs. */
  leave(): void {
    this.runner.leave();
    this.#journal.close();
  }

  /** What the application says of a key. Where it fails at that, or says nothing that it may, the key does not come in. */
  async #askAbout(key: PresentedKey): Promise<Authorization | undefined> {
    try {
      const answer = await this.core.authorize(key);
      if (['boolean', 'string', 'undefined'].includes(typeof answer)) return answer;
      throw new TypeError(`authorize must answer true, false, options or undefined, got ${inspect(answer)}`);
    } catch (error) {
      this.#tellFailure(error, key.address);
      return false;
    }
  }

  async #ask(operation: Operation, asker: Asker): Promise<Decision | undefined> {
    try {
      return await this.core.decide(operation, asker);
    } catch (error) {
      return { verdict: 'deny', reason: `the policy of the server failed: ${wordsOf(error)}` };
    }
  }

  #optionsNow(principal: ConnectionContext['asker']['principal']): KeyOptions | undefined {
    if (principal.kind === 'key') return this.#keys.find(principal.fingerprint)?.options;
    return principal.kind === 'user' ? everything : undefined;
  }

  #tellFailure(error: unknown, address: string): void {
    this.core.publish({ type: 'connection-failed', address, reason: wordsOf(error) });
  }
}

/** What was thrown, in words: an application may throw anything. */
function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Nobody comes in with a key that has expired, or from elsewhere; what it may do is decided each time. */
function open(verdict: KeyVerdict, { address }: PresentedKey, options?: KeyOptions): KeyVerdict {
  const rights = options ?? (verdict.isKnown ? verdict.rights : undefined);
  const reason = rights && closedTo(rights, { address, now: Date.now() });
  return reason === undefined ? verdict : { isKnown: false, reason };
}

function rightsFrom(text: string): KeyVerdict {
  const parsed = parseKeyOptions(text);
  const problem = 'problem' in parsed ? parsed.problem : parsed.rest === '' ? undefined : 'they do not end';
  if (problem !== undefined) return { isKnown: false, reason: `what it may do cannot be read: ${problem}` };
  return { isKnown: true, comment: '', rights: (parsed as { options: KeyOptions }).options };
}

/** The operation as it would be done: with the command that the client is forced to. */
function asDecided(operation: Operation, decision: Decision): Operation {
  const isCommand = operation.kind === 'exec' || operation.kind === 'shell';
  if (!isCommand || decision.verdict === 'deny' || decision.request === undefined) return operation;
  return { kind: decision.request.argv === undefined ? 'shell' : 'exec', request: decision.request };
}
