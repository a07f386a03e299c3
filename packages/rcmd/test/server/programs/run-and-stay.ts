/** A client that runs something, and says what its server says: `run-and-stay.ts ADDRESS LINE [GRACE]`, with milliseconds of grace. */
import { connectClient } from '../../support/servers.ts';

const [address = '', shell = '', graceMs = '5000'] = process.argv.slice(2);
const client = await connectClient(address);
const channel = client.link.newChannel();
channel.open({ shell, stdin: false, graceMs: Number(graceMs) });
try {
  for (let bytes = await channel.stdout.read(); bytes !== undefined; bytes = await channel.stdout.read()) {
    process.stdout.write(bytes);
  }
} catch (error) {
  console.log((error as Error).message); // its server is gone
}
