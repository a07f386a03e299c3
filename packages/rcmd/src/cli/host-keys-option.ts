import { Option } from 'commander';
import { hostKeyPolicies } from './host-key-policy.ts';

/** `--host-keys`, of all commands that connect. */
export function hostKeysOption(): Option {
  return new Option('--host-keys <policy>', 'unknown servers: ask, accept-new or strict').choices(
    hostKeyPolicies,
  );
}
