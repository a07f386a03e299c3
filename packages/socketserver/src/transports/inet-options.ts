import { aBoolean, oneOf, type OptionRules } from '../options/check-options.ts';

/** The families of Internet addresses, by Python's names. */
export type InetFamily = 'AF_INET' | 'AF_INET6';

/** What every server on an Internet address takes. */
export interface InetOptions {
  /** What `''` and `'localhost'` stand for; a numeric host must be of it. Default: as the host is, else `'AF_INET'`. */
  readonly addressFamily?: InetFamily | undefined;
  /** `IPV6_V6ONLY`: `false`, the default, lets a server on `'::'` take IPv4 clients too, as `::ffff:192.0.2.1`. */
  readonly ipv6Only?: boolean | undefined;
}

export const inetOptionRules: OptionRules<InetOptions> = {
  addressFamily: oneOf('AF_INET', 'AF_INET6'),
  ipv6Only: aBoolean,
};
