/** What both sides call the protocol within TLS. [RFC 7301] */
export const alpnProtocol = 'rcmd/1';
