import { join } from 'node:path';

/** Where the audit of a user's servers is, in the folder of the user's state. */
export function auditFolder(state: string): string {
  return join(state, 'audit');
}
