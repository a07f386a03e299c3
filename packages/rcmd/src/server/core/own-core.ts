import type { AuditRecord } from '../../audit/audit-record.ts';
import type { Asker, Decision, Operation } from '../../policy/operation.ts';
import type { CommandLimits } from '../command-limits.ts';
import type { ServerEvent } from '../server-events.ts';
import type {
  Admission,
  Authorization,
  CommandAsk,
  ConnectionAsk,
  Core,
  CoreState,
  PresentedKey,
} from './core.ts';
import { EventWarnings } from './event-warnings.ts';
import { type GuardSettings, IntakeGuard, type Refusal, type RequestName } from './intake-guard.ts';
import { Ledger } from './ledger.ts';
import { RefusalLog } from './refusal-log.ts';

/** What the application decides itself. */
export interface Callbacks {
  readonly authorize?:
    ((key: PresentedKey) => AuthorizationAnswer | Promise<AuthorizationAnswer>) | undefined;
  readonly policy?:
    ((operation: Operation, asker: Asker) => PolicyAnswer | Promise<PolicyAnswer>) | undefined;
  readonly onEvent: (event: ServerEvent) => void;
}

type AuthorizationAnswer = Authorization | undefined;
type PolicyAnswer = Decision | undefined;

/** What an {@link OwnCore} is made of. */
export interface CoreParts {
  readonly limits: CommandLimits;
  readonly guard: GuardSettings;
  readonly callbacks: Callbacks;
  readonly record: (record: Omit<AuditRecord, 'time'>) => void;
}

/** The core, where it lives. */
export class OwnCore implements Core {
  readonly guard: IntakeGuard;
  readonly #ledger: Ledger;
  readonly #callbacks: Callbacks;
  readonly #refusals: RefusalLog;
  readonly #warnings = new EventWarnings();

  constructor({ limits, guard, callbacks, record }: CoreParts) {
    this.#ledger = new Ledger(limits);
    this.#callbacks = callbacks;
    this.#refusals = new RefusalLog({
      record: (refusal) => this.#write(record, refusal),
      publish: (event) => this.publish(event),
    });
    this.guard = new IntakeGuard(guard, (refusal) => this.#refusals.add(refusal));
  }

  /** Clients that were turned away so far before they were anybody. */
  get refusedClients(): number {
    return this.#refusals.count;
  }

  connected(request: RequestName, connection: ConnectionAsk): Promise<Admission> {
    if (!this.guard.authenticated(request)) {
      return Promise.resolve({ isAdmitted: false, message: 'it took too long', retryAfterMs: 0 });
    }
    return Promise.resolve(this.#ledger.connected(connection));
  }

  disconnected(connectionId: string): void {
    this.#ledger.disconnected(connectionId);
  }

  refused(request: RequestName, refusal: Refusal): Promise<void> {
    this.guard.refused(request, refusal);
    return Promise.resolve();
  }

  blamed(refusal: Refusal): void {
    this.guard.blamed(refusal);
  }

  admit(ask: CommandAsk): Promise<Admission> {
    return Promise.resolve(this.#ledger.admit(ask));
  }

  started(commandId: string, pid: number): void {
    this.#ledger.started(commandId, pid);
  }

  ended(commandId: string): void {
    this.#ledger.ended(commandId);
  }

  state(): Promise<CoreState> {
    return Promise.resolve(this.#ledger.state);
  }

  /** Tells the application. That it fails at listening is told of it, and no reason to break what it was to hear of. */
  publish(event: ServerEvent): void {
    const failed = (error: unknown): void => this.#warnings.warn(event, error);
    try {
      const listening = this.#callbacks.onEvent(event) as unknown;
      if (isThenable(listening)) Promise.resolve(listening).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  async authorize(key: PresentedKey): Promise<Authorization | undefined> {
    return this.#callbacks.authorize?.(key);
  }

  async decide(operation: Operation, asker: Asker): Promise<Decision | undefined> {
    return this.#callbacks.policy?.(operation, asker);
  }

  /** That a client was turned away and left no record is told, and no reason to turn the others away. */
  #write(record: CoreParts['record'], refusal: Parameters<CoreParts['record']>[0]): void {
    try {
      record(refusal);
    } catch (error) {
      this.publish({ type: 'audit-failed', reason: (error as Error).message });
    }
  }

  close(): void {
    this.guard.close();
    this.#refusals.close();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
