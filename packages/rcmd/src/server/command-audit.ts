import type { AuditRecord } from '../audit/audit-record.ts';
import type { CommandEnd } from '../protocol/command-end.ts';
import type { OpenRequest } from '../protocol/open-request.ts';
import type { ConnectionContext } from './connection-context.ts';
import type { ServerService } from './server-service.ts';

/** The records of one command. */
export class CommandAudit {
  readonly #commandId: string;
  readonly #service: Pick<ServerService, 'record'>;
  readonly #context: ConnectionContext;

  constructor(
    commandId: string,
    {
      service,
      context,
    }: { readonly service: Pick<ServerService, 'record'>; readonly context: ConnectionContext },
  ) {
    this.#commandId = commandId;
    this.#service = service;
    this.#context = context;
  }

  /** It may not run. */
  denied(request: OpenRequest, reason: string): void {
    this.#record('denied', { ...askedFor(request), reason });
  }

  /** It is about to run. @returns whether it may, since that is written. */
  start(request: OpenRequest): boolean {
    return this.#record('start', askedFor(request));
  }

  /** It was to run, and could not. */
  failed(reason: string): void {
    this.#record('failed', { reason });
  }

  end(pid: number, end: CommandEnd): void {
    const { exitCode, signal, killedBy, durationMs, stdinBytes, stdoutBytes, stderrBytes } = end;
    this.#record('end', {
      pid,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      ...(killedBy === undefined ? {} : { killedBy }),
      durationMs: Math.round(durationMs),
      stdinBytes,
      stdoutBytes,
      stderrBytes,
    });
  }

  #record(event: AuditRecord['event'], more: Partial<AuditRecord>): boolean {
    const { connectionId, owner, asker } = this.#context;
    const { principal, address } = asker;
    return this.#service.record({
      event,
      connectionId,
      commandId: this.#commandId,
      principal: owner,
      ...(principal.kind === 'key' && principal.comment !== '' ? { comment: principal.comment } : {}),
      address,
      ...more,
    });
  }
}

function askedFor({ argv, shell, cwd, env }: OpenRequest): Partial<AuditRecord> {
  const original = env?.['RCMD_ORIGINAL_COMMAND'];
  return {
    ...(argv === undefined ? {} : { argv }),
    ...(shell === undefined ? {} : { shell }),
    ...(original === undefined ? {} : { original }),
    ...(cwd === undefined ? {} : { cwd }),
  };
}
