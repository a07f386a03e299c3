/** What interprets a shell's line. */
export const shellPath = '/bin/sh';

/** Where programs are found if nothing else is said; `sbin` only where they would be of use. */
export function defaultPath(): string {
  const paths = '/usr/local/bin:/usr/bin:/bin';
  return process.getuid?.() === 0 ? `/usr/local/sbin:/usr/sbin:/sbin:${paths}` : paths;
}
