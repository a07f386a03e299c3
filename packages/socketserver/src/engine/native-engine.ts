import { createRequire } from 'node:module';
import { UnsupportedError } from '../errors/unsupported-error.ts';
import type { Engine } from './contract/engine.ts';
import { largeMemoryTaken } from './large-memory.ts';

/** The optional package that holds the native engine. */
const packageName = '@socketserver/native';

/** What the package exports. */
interface NativeModule {
  createNativeEngine(this: void, largeMemoryTaken: (bytes: number) => void): Engine;
  readonly sdNotify: (this: void, path: string, text: string) => void;
  readonly endWithParent: (this: void, parent: number, graceMs: number) => void;
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

/** Loads what sends a datagram to systemd, whatever engine moves the bytes. @returns the error where it cannot be had. */
export function loadSystemdNotify(): NativeModule['sdNotify'] | UnsupportedError {
  try {
    return loadPackage().sdNotify;
  } catch (error) {
    return new UnsupportedError(
      `Node has no Unix datagram sockets, and ${packageName} could not be loaded (${firstLine(error)}); install it`,
      { cause: error },
    );
  }
}

/** Loads what kills this process after its parent. @returns the error where it cannot be had. */
export function loadEndWithParent(): NativeModule['endWithParent'] | UnsupportedError {
  try {
    return loadPackage().endWithParent;
  } catch (error) {
    return new UnsupportedError(
      `Cannot endWithParent: ${packageName} could not be loaded (${firstLine(error)})`,
      { cause: error },
    );
  }
}

function tryToLoad(): Engine | UnsupportedError {
  try {
    return loadPackage().createNativeEngine(largeMemoryTaken);
  } catch (error) {
    return new UnsupportedError(
      `The native engine cannot be used here: ${packageName} could not be loaded (${firstLine(error)})`,
      { cause: error },
    );
  }
}

function loadPackage(): NativeModule {
  const load = createRequire(import.meta.url);
  return load(packageName) as NativeModule;
}

function firstLine(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : String(error);
}
