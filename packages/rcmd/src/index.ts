export { ProtocolError, RcmdError } from './errors.ts';
