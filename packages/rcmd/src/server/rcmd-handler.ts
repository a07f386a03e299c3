import { BaseRequestHandler } from 'socketserver';
import { encodeMessage } from '../protocol/message.ts';
import { authenticate } from './authenticate.ts';
import { ServedConnection } from './served-connection.ts';
import type { ServerService } from './server-service.ts';

/** Serves one connection, in whatever worker. */
export class RcmdHandler extends BaseRequestHandler {
  static override readonly module = import.meta.url;

  override async handle(): Promise<void> {
    const service = this.server.workerData as ServerService;
    const address = typeof this.clientAddress === 'string' ? 'unix' : this.clientAddress[0];
    const who = authenticate(this.request, this.clientAddress, service);
    if (!who.isAllowed) {
      const { reason } = who;
      service.record({ event: 'refused-connection', connectionId: crypto.randomUUID(), address, reason });
      service.publish({ type: 'connection-refused', address, reason });
      const goAway = { code: 'DENIED', message: `you may not come in: ${reason}` } as const;
      await this.request.sendall(Buffer.concat(encodeMessage({ type: 'go-away', goAway })));
      return;
    }
    if (address !== 'unix') this.request.setNoDelay();
    await new ServedConnection(service, who.context, this.request).serve();
  }
}
