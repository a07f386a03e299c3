// What the handlers read, and nobody here fills.
import { AsyncLocalStorage } from 'node:async_hooks';

export const requestStore = new AsyncLocalStorage<string>();
