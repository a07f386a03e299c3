import type { AuditRecord } from '../audit/audit-record.ts';
import { AuditJournal } from '../audit/journal.ts';
import { decide } from '../policy/decide.ts';
import type { Asker, Decision, Operation } from '../policy/operation.ts';
import { CommandRunner } from '../process/command-runner.ts';
import type { ServerStatus } from '../protocol/status.ts';
import { AuthorizedKeys, authorizedKeysFile } from '../trust/authorized-keys.ts';
import { isSameFingerprint } from '../trust/fingerprint.ts';
import { everything, type KeyOptions } from '../trust/key-options.ts';
import type { KeyPrincipal } from '../trust/principal.ts';
import type { Ledger } from './ledger.ts';
import type { ServerEvent } from './server-events.ts';
import type { ServerSettings } from './server-settings.ts';
import { software } from './software.ts';

/** What a {@link ServerService} is made of besides its settings. */
export interface ServiceParts {
  readonly ledger: Ledger;
  readonly publish: (event: ServerEvent) => void;
}

/** What the connections of one worker have in common: who may come in, what runs, and the audit. */
export class ServerService {
  readonly settings: ServerSettings;
  readonly ledger: Ledger;
  readonly runner: CommandRunner;
  readonly publish: (event: ServerEvent) => void;
  readonly #keys: AuthorizedKeys;
  readonly #journal: AuditJournal;

  private constructor(settings: ServerSettings, { ledger, publish }: ServiceParts, runner: CommandRunner) {
    this.settings = settings;
    this.ledger = ledger;
    this.publish = publish;
    this.runner = runner;
    this.#keys = new AuthorizedKeys(authorizedKeysFile(settings.paths.config));
    this.#journal = new AuditJournal(settings.audit.folder);
  }

  /** @throws the system's error where the folders cannot be used. */
  static async start(settings: ServerSettings, parts: ServiceParts): Promise<ServerService> {
    const runner = await CommandRunner.start({ stateFolder: settings.paths.runtime });
    try {
      return new ServerService(settings, parts, runner);
    } catch (error) {
      await runner.close();
      throw error;
    }
  }

  /** The client with this key; `undefined` where it may not come in. */
  principalOf(fingerprint: string): KeyPrincipal | undefined {
    const { identity } = this.settings;
    if (isSameFingerprint(fingerprint, identity.fingerprint)) {
      return { kind: 'key', fingerprint, comment: identity.comment };
    }
    const key = this.#keys.find(fingerprint);
    return key && { kind: 'key', fingerprint, comment: key.comment };
  }

  /** Decides by what the files say now. */
  decide(operation: Operation, asker: Asker): Decision {
    return decide(operation, { asker, options: this.#optionsOf(asker), now: Date.now() });
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
      this.publish({ type: 'audit-failed', error: error as Error });
      return !mustBeWritten;
    }
  }

  async status(you: string): Promise<ServerStatus> {
    const { connections, commands } = await this.ledger.state();
    const { pid, startedAt } = this.settings;
    return { software, pid, uptimeMs: Math.max(0, Date.now() - startedAt), connections, you, commands };
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    await this.runner.close();
    this.#journal.close();
  }

  #optionsOf({ principal }: Asker): KeyOptions | undefined {
    if (principal.kind === 'user') return everything;
    if (isSameFingerprint(principal.fingerprint, this.settings.identity.fingerprint)) return everything;
    return this.#keys.find(principal.fingerprint)?.options;
  }
}
