/** A server of rcmd to be measured: on a loopback port, with the folders that the environment names. */
import { createServer } from 'rcmd';

const limits = { opensPerSecond: Infinity, maxCommands: 2_000, maxCommandsPerClient: 2_000 };
const server = await createServer({ listen: '127.0.0.1:0', limits });
console.log(`listening ${server.addresses[0]}`);
await server.serve({ signals: ['SIGTERM'] });
