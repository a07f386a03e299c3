// A server whose handlers do what clients ask. Prints its port; run it with the name of a server class.
import process from 'node:process';
import { ForkingTCPServer, ThreadingTCPServer } from '../../../src/index.ts';
import { Reckless } from '../../workers/handlers/reckless.ts';

const Server = process.argv[2] === 'ForkingTCPServer' ? ForkingTCPServer : ThreadingTCPServer;
await using server = new Server(['127.0.0.1', 0], Reckless, { workers: { min: 3 } });
console.log(server.serverAddress[1]);
await server.serveForever();
