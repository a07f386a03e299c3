import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { temporaryFolder } from './commands.ts';

/** A browser with a page. */
interface Browser extends AsyncDisposable {
  /** What the page posted to `/ends`. Rejects with what Chromium wrote, where that ended first. */
  readonly ends: Promise<string>;
}

/**
 * Shows a page of an origin of its own in Chromium, for the length of a block.
 *
 * @param host - of the page: a name that stands for this machine, as after DNS rebinding.
 */
export async function openInBrowser(page: string, host = 'localhost'): Promise<Browser> {
  using parts = new DisposableStack();
  const folder = parts.use(temporaryFolder());
  const ends = Promise.withResolvers<string>();
  const web = createServer((request, response) => {
    if (request.url === '/ends') ends.resolve(text(request).finally(() => response.end()));
    else response.setHeader('Content-Type', 'text/html').end(page);
  });
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
  const { port } = web.address() as AddressInfo;
  const options = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    `--user-data-dir=${folder.path}`,
    `--host-resolver-rules=MAP ${host} 127.0.0.1`,
    '--remote-debugging-port=0', // keeps it open
  ];
  const chromium = spawn('chromium', [...options, `http://${host}:${port}/`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // a group of its own, which is ended as one
  });
  const gone = once(chromium, 'close');
  void Promise.all([text(chromium.stderr), gone]).then(
    ([said]) => ends.reject(new Error(`Chromium ended: ${said.slice(-2_000)}`)),
    ends.reject,
  );
  const kept = parts.move();
  return {
    ends: ends.promise,
    [Symbol.asyncDispose]: async () => {
      try {
        if (chromium.pid !== undefined) process.kill(-chromium.pid, 'SIGKILL');
      } catch {
        // It has ended, and `ends` says why.
      }
      await gone.catch(() => {});
      web.close();
      web.closeAllConnections();
      kept.dispose();
    },
  };
}
