// Binds the store to each request: the test imports this, and workers do before anything else (`--import`).
import { handleTracing } from '../../../src/index.ts';
import { requestStore } from './request-store.ts';

handleTracing.start.bindStore(requestStore, ({ id, handlerName }) => `${handlerName} ${id}`);
