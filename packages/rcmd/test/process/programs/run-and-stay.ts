/** Runs commands that never end, says their numbers, and stays until it is killed: `<state folder> <control groups?>`. */
import { CommandRunner } from '../../../src/process/command-runner.ts';
import { readAll, shellSpec } from '../../support/commands.ts';

const [stateFolder = '', controlGroups] = process.argv.slice(2);
const runner = await CommandRunner.start({ stateFolder, controlGroups: controlGroups === 'true' });
const line =
  'sleep 1000 & echo $$ $!; setsid sh -c "echo \\$\\$; exec >/dev/null 2>&1; exec sleep 1000" & wait';
const command = await runner.run(shellSpec(line), 'me');
let said = '';
while (said.trim().split(/\s+/).length < 3) said += String(await command.read('stdout', 1_000));
console.log(said.trim().replaceAll('\n', ' '));
await readAll(command, 'stdout');
