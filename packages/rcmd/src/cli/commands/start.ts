import { CliError } from '../cli-error.ts';

/**
 * What `rcmd` does without a command: a private server, and the prompt on it.
 *
 * @param unknown - a word that is no command.
 */
export async function start(unknown: string | undefined): Promise<void> {
  if (unknown !== undefined) {
    throw new CliError('USAGE', `There is no command ${JSON.stringify(unknown)}: rcmd --help lists them`);
  }
  const { startPrivately } = await import('../private-server.ts');
  await startPrivately();
}
