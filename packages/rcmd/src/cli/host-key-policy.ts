/**
 * What to do about a server that was never seen before: ask the person, or refuse where there is nobody to ask; remember it; refuse it. A
 * server whose key has changed is refused always.
 */
export type HostKeyPolicy = 'ask' | 'accept-new' | 'strict';

/** All of them, for help and checks. */
export const hostKeyPolicies: readonly HostKeyPolicy[] = ['ask', 'accept-new', 'strict'];

/** Whether a text is the name of a policy. */
export function isHostKeyPolicy(value: unknown): value is HostKeyPolicy {
  return hostKeyPolicies.includes(value as HostKeyPolicy);
}
