interface Servable {
  serveForever(): Promise<void>;
  shutdown(): Promise<void>;
  serverClose(): Promise<void>;
}

/** Serves for the length of a block; at its end shuts down, waits for the loop and closes. */
export function serving(server: Servable): AsyncDisposable {
  const loop = server.serveForever();
  return {
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await server.serverClose();
      await loop;
    },
  };
}
