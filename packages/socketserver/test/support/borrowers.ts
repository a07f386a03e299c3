import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How many threads have a listening socket of this process on loan: those whose epoll instances watch it, but its server's. */
export function borrowersOf({ fileno }: { readonly fileno: number }): number {
  let watchers = 0;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).includes('eventpoll')) continue;
      const watched = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
      if (new RegExp(`^tfd:\\s+${fileno} `, 'm').test(watched)) watchers += 1;
    } catch {
      // It was closed meanwhile.
    }
  }
  return watchers - 1;
}
