/** Raw `node:dgram`: 'message' events, one `send` each. */
import { createSocket } from 'node:dgram';
import { announce, readServerCommand } from './command-line.ts';

const command = readServerCommand();
if (command.workload !== 'echo') throw new Error(`node-dgram does not serve ${command.workload}`);

const socket = createSocket('udp4');
socket.on('message', (packet, sender) => socket.send(packet, sender.port, sender.address));
socket.bind(command.port, '127.0.0.1', () => announce(socket.address().port));
