/** Every error of the library: for the public door, and for those that look one up by its name. */
export * from './connection-errors.ts';
export * from './frame-error.ts';
export * from './proxy-header-error.ts';
export * from './request-timeout-error.ts';
export * from './server-errors.ts';
export * from './socket-activation-error.ts';
export * from './socket-server-error.ts';
export * from './tls-errors.ts';
export * from './unsupported-error.ts';
export * from './worker-errors.ts';
