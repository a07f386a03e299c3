import type { ServerView } from 'socketserver';
import { RemoteCore } from './core/remote-core.ts';
import { ServerService } from './server-service.ts';
import type { ServerSettings } from './server-settings.ts';

/** What the handlers of a listener are given: the service itself, or in workers what one is made of. */
export type HandlerData = {
  /** The number of the listener. */
  readonly listener: number;
} & ({ readonly service: ServerService } | { readonly settings: ServerSettings; readonly corePath: string });

/** The services that this worker has made, one for each server that it works for. */
const services = new WeakMap<ServerView, Promise<ServerService>>();

/**
 * The service of a handler's server: that of this thread, made with the first connection where the thread or process is a
 * worker.
 */
export function serviceFor(server: ServerView): Promise<ServerService> {
  const data = server.workerData as HandlerData;
  if ('service' in data) return Promise.resolve(data.service);
  let service = services.get(server);
  if (service === undefined) {
    service = startService(data.settings, data.corePath);
    services.set(server, service);
  }
  return service;
}

async function startService(settings: ServerSettings, corePath: string): Promise<ServerService> {
  const service = await ServerService.start(settings, await RemoteCore.connect(corePath));
  process.once('exit', () => service.leave());
  return service;
}
