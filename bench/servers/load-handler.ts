/** Finds the handler class of a workload. Each is in its own module, so that threads and processes load only it. */
export async function loadHandler(workload: string, transport: string): Promise<unknown> {
  if (transport === 'udp') return (await import('./handlers/datagram-echo.ts')).DatagramEcho;
  switch (workload) {
    case 'echo':
      return (await import('./handlers/echo.ts')).Echo;
    case 'lines':
      return (await import('./handlers/lines.ts')).Lines;
    case 'frames':
      return (await import('./handlers/frames.ts')).Frames;
    case 'source':
      return (await import('./handlers/source.ts')).Source;
    case 'sendfile':
      return (await import('./handlers/send-file.ts')).SendFile;
    case 'sink':
      return (await import('./handlers/sink.ts')).Sink;
    case 'burn':
      return (await import('./handlers/burn.ts')).Burn;
    default:
      throw new Error(`no handler for ${workload}`);
  }
}
