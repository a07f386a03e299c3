import process from 'node:process';
import { loadSystemdNotify } from '../engine/native-engine.ts';
import { parseNotifyEnvironment } from '../systemd/notify-environment.ts';
import { NotifySocket } from '../systemd/notify-socket.ts';
import { ServiceState } from '../systemd/service-state.ts';

/** One for all servers: what systemd watches is the process. `null` where nobody wants to be told anything. */
let service: ServiceState | null | undefined;

/** The service that this process is to systemd; `undefined` where systemd did not ask to be told of it. */
export function thisService(): ServiceState | undefined {
  service ??= create();
  return service ?? undefined;
}

function create(): ServiceState | null {
  const environment = parseNotifyEnvironment(process.env, process.pid);
  if (environment === undefined) return null;
  return new ServiceState(environment, new NotifySocket(environment.socket, loadSystemdNotify()));
}
