import { createRequire } from 'node:module';
import { UnsupportedError } from '../errors.ts';
import type { Engine } from './contract.ts';

/** The optional package that holds the native engine. */
const packageName = '@socketserver/native';

/** What the package exports. */
interface NativeModule {
  createNativeEngine(): Engine;
}

/** The outcome of the one try in this thread. */
let outcome: Engine | UnsupportedError | undefined;

/**
 * Loads the native engine, synchronously since constructors bind. Tries once a thread.
 *
 * @returns the engine, or the error that says why there is none here.
 */
export function loadNativeEngine(): Engine | UnsupportedError {
  outcome ??= tryToLoad();
  return outcome;
}

function tryToLoad(): Engine | UnsupportedError {
  try {
    const load = createRequire(import.meta.url);
    return (load(packageName) as NativeModule).createNativeEngine();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return new UnsupportedError(
      `The native engine cannot be used here: ${packageName} could not be loaded (${reason})`,
      { cause: error },
    );
  }
}
