/** Uses 5 ms of this thread's CPU time, and not merely 5 ms of the clock's. */
export function burnFiveMilliseconds(): void {
  const before = process.threadCpuUsage();
  for (;;) {
    const used = process.threadCpuUsage(before);
    if (used.user + used.system >= 5000) return;
  }
}
