const models = ['concurrent', 'threading', 'forking'] as const;

/**
 * The concurrency models in which a server of this run may have a port: on the engine of Node not in threads, which is refused
 * (`NO_NATIVE`), since commands would get the connections of other clients.
 */
export const portModels = models.filter(
  (model) => model !== 'threading' || process.env['SOCKETSERVER_ENGINE'] !== 'node',
);
