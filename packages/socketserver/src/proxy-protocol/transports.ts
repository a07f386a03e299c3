import type { ProxyTransport } from './proxy-header.ts';

/** How addresses are written: their family, and the byte that names it and the kind of socket in version 2. */
export interface TransportFormat {
  readonly family: 'IPv4' | 'IPv6' | 'Unix' | 'none';
  readonly code: number;
}

/** The formats of all transports. `UNKNOWN` has no addresses. [proxy-protocol.txt 2.2] */
export const transportFormats: Readonly<Record<ProxyTransport, TransportFormat>> = {
  UNKNOWN: { family: 'none', code: 0x00 },
  TCP4: { family: 'IPv4', code: 0x11 },
  UDP4: { family: 'IPv4', code: 0x12 },
  TCP6: { family: 'IPv6', code: 0x21 },
  UDP6: { family: 'IPv6', code: 0x22 },
  UNIX_STREAM: { family: 'Unix', code: 0x31 },
  UNIX_DATAGRAM: { family: 'Unix', code: 0x32 },
};

/** Finds a transport by the byte that names it in version 2. */
export function transportOf(code: number): ProxyTransport {
  const found = Object.entries(transportFormats).find(([, format]) => format.code === code);
  return (found?.[0] ?? 'UNKNOWN') as ProxyTransport;
}
