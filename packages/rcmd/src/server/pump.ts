import type { RunningCommand } from '../process/command.ts';
import type { OutputName } from '../protocol/stream-id.ts';
import type { CommandChannel, OutputSink } from './command-channel.ts';

/**
 * Brings what a command writes to its client, as fast as the client gives credit: nothing is read from the pipe that
 * cannot be sent, so the command itself waits. Resolves at the end of the stream, and when the client wants no more.
 */
export async function pumpOutput(
  command: RunningCommand,
  name: OutputName,
  client: OutputSink,
): Promise<void> {
  void client.whenStopped.then(() => command.stop(name));
  for (let room = await client.room(); room > 0; room = await client.room()) {
    const bytes = await command.read(name, room);
    if (bytes === undefined) break;
    await client.send(bytes);
  }
  client.end();
}

/** Brings what a client sends to a command. Resolves at the end of it, and when the command reads no more. */
export async function pumpInput(client: CommandChannel['stdin'], command: RunningCommand): Promise<void> {
  try {
    for (let bytes = await client.read(); bytes !== undefined; bytes = await client.read()) {
      if (!(await command.write(bytes))) return client.stop();
    }
  } catch {
    // The connection is lost, which ends the command.
  }
  command.endInput();
}
