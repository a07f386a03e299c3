/** What systemd wants to be told, and where. */
export interface NotifyEnvironment {
  /** `NOTIFY_SOCKET`: a path, or an abstract name that begins with `@`. */
  readonly socket: string;
  /** Milliseconds within which systemd wants a sign of life each time; `undefined` where it wants none. */
  readonly watchdogMs: number | undefined;
}

/**
 * Reads the variables.
 *
 * @param pid - the number of this process: the watchdog may be meant for another one, whose child this is.
 * @returns `undefined` where nobody wants to be told anything.
 * @see sd_notify(3), sd_watchdog_enabled(3)
 */
export function parseNotifyEnvironment(
  { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID }: Readonly<NodeJS.ProcessEnv>,
  pid: number,
): NotifyEnvironment | undefined {
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return undefined;
  const isForUs = WATCHDOG_PID === undefined || WATCHDOG_PID === String(pid);
  const isNumber = WATCHDOG_USEC !== undefined && /^[1-9]\d{0,15}$/.test(WATCHDOG_USEC);
  return {
    socket: NOTIFY_SOCKET,
    watchdogMs: isForUs && isNumber ? Number(WATCHDOG_USEC) / 1_000 : undefined,
  };
}
