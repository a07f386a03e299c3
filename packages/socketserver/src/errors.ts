/**
 * The base of every error that this library raises for conditions a program handles. Match on `code`:
 * `instanceof` fails where two copies of the library meet. Misuse is a plain `TypeError` or `RangeError`,
 * and errors of the operating system (`ECONNRESET`, `EADDRINUSE`) pass through untouched.
 */
export class SocketServerError extends Error {
  /** A stable, upper-case identifier of the condition. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static {
    this.prototype.name = 'SocketServerError';
  }
}

/** A server was asked to take requests after `serverClose()`. `code` is `SERVER_CLOSED`. */
export class ServerClosedError extends SocketServerError {
  constructor(action: string) {
    super('SERVER_CLOSED', `Cannot ${action}: the server is closed; construct a new one`);
  }

  static {
    this.prototype.name = 'ServerClosedError';
  }
}

/** Two loops on one server: `serveForever()` or `handleRequest()` while one of them runs. `code` is `SERVER_BUSY`. */
export class ServerBusyError extends SocketServerError {
  constructor(action: string) {
    super('SERVER_BUSY', `Cannot ${action}: the server is taking requests already; call shutdown() first`);
  }

  static {
    this.prototype.name = 'ServerBusyError';
  }
}

/** The reason on `request.signal` while its server drains: finish soon or be ended. `code` is `SERVER_DRAINING`. */
export class ServerDrainingError extends SocketServerError {
  /** Milliseconds between the abort of the signal and the forced end of the request. */
  readonly drainMs: number;
  /** Whether the end is forced before its time, as by a second signal: what operations fail with then. */
  readonly isForced: boolean;

  constructor(drainMs: number, { isForced = false }: { readonly isForced?: boolean } = {}) {
    const when = isForced ? 'at once' : `after ${drainMs} ms`;
    super('SERVER_DRAINING', `The server is draining: requests are ended ${when}`);
    this.drainMs = drainMs;
    this.isForced = isForced;
  }

  static {
    this.prototype.name = 'ServerDrainingError';
  }
}

/**
 * An operation met a connection that its own side had already closed or shut down, or that a drain ended.
 * `code` is `CONNECTION_CLOSED`.
 */
export class ConnectionClosedError extends SocketServerError {
  constructor(message: string, options?: ErrorOptions) {
    super('CONNECTION_CLOSED', message, options);
  }

  static {
    this.prototype.name = 'ConnectionClosedError';
  }
}

/** An operation on a socket took longer than its timeout. `code` is `SOCKET_TIMEOUT`. */
export class SocketTimeoutError extends SocketServerError {
  /** The time allowed, in seconds, as given to `settimeout()`. */
  readonly seconds: number;

  constructor(operation: string, seconds: number) {
    super('SOCKET_TIMEOUT', `${operation} timed out after ${seconds} s`);
    this.seconds = seconds;
  }

  static {
    this.prototype.name = 'SocketTimeoutError';
  }
}

/** What took too long: see the `timeouts` of a server; `'rate'` is `limits.minBytesPerSecond`. */
export type RequestPhase = 'first-byte' | 'idle' | 'request' | 'lifetime' | 'rate';

/**
 * A request took longer than its server allows, and was ended: operations that waited and later ones fail with this, and
 * it is the reason on `request.signal`. `code` is `REQUEST_TIMEOUT`.
 */
export class RequestTimeoutError extends SocketServerError {
  readonly phase: RequestPhase;
  /** The time that was allowed, in milliseconds, as configured. */
  readonly ms: number;

  constructor(phase: RequestPhase, ms: number) {
    super('REQUEST_TIMEOUT', `The request was ended: ${phaseFaults[phase]} within ${ms} ms`);
    this.phase = phase;
    this.ms = ms;
  }

  static {
    this.prototype.name = 'RequestTimeoutError';
  }
}

const phaseFaults: Readonly<Record<RequestPhase, string>> = {
  'first-byte': 'its client sent nothing',
  idle: 'no byte went over its connection',
  request: 'its handler did not come to an end',
  lifetime: 'its connection did not come to an end',
  rate: 'too few bytes went over its connection',
};

/** The stream ended in the middle of what was to be read. What did arrive stays readable. `code` is `INCOMPLETE_READ`. */
export class IncompleteReadError extends SocketServerError {
  /** Bytes that were there when the stream ended. */
  readonly received: number;
  /** Bytes that were asked for; `undefined` where a delimiter was. */
  readonly expected: number | undefined;

  constructor(received: number, expected: number | undefined) {
    const wanted = expected === undefined ? 'a delimiter' : `${expected} bytes`;
    super('INCOMPLETE_READ', `The stream ended after ${received} bytes, before ${wanted}`);
    this.received = received;
    this.expected = expected;
  }

  static {
    this.prototype.name = 'IncompleteReadError';
  }
}

/** A line or a message is longer than its reader allows. It stays readable. `code` is `MESSAGE_TOO_LONG`. */
export class MessageTooLongError extends SocketServerError {
  /** Bytes that were allowed. */
  readonly max: number;

  constructor(operation: string, max: number) {
    super('MESSAGE_TOO_LONG', `${operation} found no end of the message within ${max} bytes`);
    this.max = max;
  }

  static {
    this.prototype.name = 'MessageTooLongError';
  }
}

/** What was asked for is not to be had on this platform or engine; the message names the alternative. `code` is `UNSUPPORTED`. */
export class UnsupportedError extends SocketServerError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNSUPPORTED', message, options);
  }

  static {
    this.prototype.name = 'UnsupportedError';
  }
}

/**
 * There is no socket of systemd's to take, or none of that name, or several. `code` is `SOCKET_ACTIVATION`; the message
 * says what was passed and what would be right.
 */
export class SocketActivationError extends SocketServerError {
  /** The sockets that there are. */
  readonly passed: readonly { readonly fd: number; readonly name: string }[];

  constructor(message: string, passed: readonly { readonly fd: number; readonly name: string }[]) {
    super('SOCKET_ACTIVATION', message);
    this.passed = passed;
  }

  static {
    this.prototype.name = 'SocketActivationError';
  }
}

/** What is wrong with a certificate or a key. */
export type CertificateFault =
  'unparsable' | 'expired' | 'not-yet-valid' | 'bad-key' | 'key-mismatch' | 'refused';

/** A TLS server was given a certificate or a key that it cannot use. `code` is `BAD_CERTIFICATE`. */
export class CertificateError extends SocketServerError {
  readonly fault: CertificateFault;

  constructor(message: string, fault: CertificateFault, options?: ErrorOptions) {
    super('BAD_CERTIFICATE', message, options);
    this.fault = fault;
  }

  static {
    this.prototype.name = 'CertificateError';
  }
}

/** What kept a TLS handshake from being completed. */
export type HandshakeFault = 'timeout' | 'closed' | 'protocol' | 'certificate';

/**
 * A client did not get through the TLS handshake: not in time, it went away, it speaks no TLS or none in common
 * with us, or its certificate does not count. `code` is `TLS_HANDSHAKE`; the cause is OpenSSL's or the system's error.
 */
export class TLSHandshakeError extends SocketServerError {
  readonly fault: HandshakeFault;

  constructor(message: string, fault: HandshakeFault, options?: ErrorOptions) {
    super('TLS_HANDSHAKE', `The TLS handshake failed: ${message}`, options);
    this.fault = fault;
  }

  static {
    this.prototype.name = 'TLSHandshakeError';
  }
}

/**
 * What is wrong with a PROXY header, or kept it from coming:
 *
 * - `signature`: neither version's begins like this; the peer speaks something else.
 * - `version`, `command`, `family`: a value that the protocol does not have.
 * - `syntax`: a version 1 line that is not formed as it must be.
 * - `address`: an address or a port that is none, or a length that has no room for the addresses.
 * - `tlv`: an extension that does not fit into the header, comes twice, or holds what it must not.
 * - `checksum`: the CRC32c does not match.
 * - `too-long`: more bytes than the protocol or the server allows.
 * - `timeout`, `closed`: the header did not come in time, or the peer ended the connection before its end.
 * - `untrusted`: the peer is none of those that are to send headers, and others are refused.
 */
export type ProxyHeaderFault =
  | 'signature'
  | 'version'
  | 'command'
  | 'family'
  | 'syntax'
  | 'address'
  | 'tlv'
  | 'checksum'
  | 'too-long'
  | 'timeout'
  | 'closed'
  | 'untrusted';

/** A connection came without the PROXY header that it must begin with. `code` is `PROXY_HEADER`. */
export class ProxyHeaderError extends SocketServerError {
  readonly fault: ProxyHeaderFault;
  /** Bytes of the header before the one that is wrong; for `timeout` and `closed` those that had come. */
  readonly offset: number;

  constructor(
    message: string,
    { fault, offset }: { readonly fault: ProxyHeaderFault; readonly offset: number },
    options?: ErrorOptions,
  ) {
    super('PROXY_HEADER', `No valid PROXY header: ${message}`, options);
    this.fault = fault;
    this.offset = offset;
  }

  static {
    this.prototype.name = 'ProxyHeaderError';
  }
}

/** Why a worker is gone: it exited, was killed, threw outside of a request, was blocked too long, or its server closed. */
export type WorkerLossReason = 'exit' | 'signal' | 'error' | 'blocked' | 'closed';

/** Fields of a {@link WorkerLostError}. */
export interface WorkerLoss extends ErrorOptions {
  readonly kind: 'thread' | 'process';
  /** The thread's or the process's number. */
  readonly worker: number;
  readonly reason: WorkerLossReason;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
}

/**
 * The thread or process that served a request is gone, and with it the connection. `handleError` learns of each
 * request that was lost. `code` is `WORKER_LOST`.
 */
export class WorkerLostError extends SocketServerError {
  readonly kind: 'thread' | 'process';
  readonly worker: number;
  readonly reason: WorkerLossReason;
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;

  constructor(message: string, loss: WorkerLoss) {
    super('WORKER_LOST', message, 'cause' in loss ? { cause: loss.cause } : undefined);
    this.kind = loss.kind;
    this.worker = loss.worker;
    this.reason = loss.reason;
    this.exitCode = loss.exitCode;
    this.signal = loss.signal;
  }

  static {
    this.prototype.name = 'WorkerLostError';
  }
}

/**
 * A worker cannot load the handler class: its module cannot be imported, does not export the class under its name,
 * or starts a server when it is imported. `code` is `HANDLER_MODULE`.
 */
export class HandlerModuleError extends SocketServerError {
  /** The class that was asked for. */
  readonly className: string;
  /** The URL of the module. */
  readonly module: string;

  constructor(
    message: string,
    at: { readonly className: string; readonly module: string },
    options?: ErrorOptions,
  ) {
    super('HANDLER_MODULE', message, options);
    this.className = at.className;
    this.module = at.module;
  }

  static {
    this.prototype.name = 'HandlerModuleError';
  }
}

/**
 * Thrown by a handler, passes `handleError` by and leaves `serveForever()` or `handleRequest()`, after the
 * request was shut down: the counterpart of Python's `SystemExit`, for a handler that means to stop the server.
 * `code` is `SYSTEM_EXIT`.
 */
export class SystemExit extends SocketServerError {
  /** The status that the program may want to exit with. */
  readonly exitStatus: number;

  constructor(exitStatus = 0) {
    super('SYSTEM_EXIT', `A handler asked the server to stop, with status ${exitStatus}`);
    this.exitStatus = exitStatus;
  }

  static {
    this.prototype.name = 'SystemExit';
  }
}

/** What is wrong with a frame: longer than allowed, not well-formed, or cut off by the end of the stream. */
export type FrameFault = 'too-long' | 'malformed' | 'incomplete';

/** Where a {@link FrameError} stands. */
export interface FrameErrorOptions extends ErrorOptions {
  /** The byte of the fault; a codec counts from the beginning of the frame. Default 0. */
  readonly offset?: number;
  /** Bytes that were allowed, where that is the fault. */
  readonly limit?: number | undefined;
}

/**
 * What a peer sends is no frame of the codec. Nothing of it was taken: its bytes stay readable, and another read of
 * frames finds the same error. `code` is `BAD_FRAME`.
 */
export class FrameError extends SocketServerError {
  readonly fault: FrameFault;
  /** The fault in words, without its place. */
  readonly reason: string;
  /** The byte of the stream, counted from 0, at which the fault shows: mostly where the frame begins. */
  readonly offset: number;
  /** Bytes that a message, or its frame, may have; where the fault is `'too-long'`. */
  readonly limit: number | undefined;

  constructor(fault: FrameFault, reason: string, { offset = 0, limit, ...options }: FrameErrorOptions = {}) {
    super('BAD_FRAME', `Bad frame at byte ${offset}: ${reason}`, options);
    this.fault = fault;
    this.reason = reason;
    this.offset = offset;
    this.limit = limit;
  }

  static {
    this.prototype.name = 'FrameError';
  }
}
