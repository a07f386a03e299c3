/** What a person sees of the prompt, in a real terminal that wraps, scrolls and has its window resized. */
import { describe, it } from 'node:test';
import { Machine } from '../support/machine.ts';
import { needs } from '../support/needs.ts';
import { Screen } from '../support/screen.ts';

const greeting = /Ctrl-D leaves\.\n>>\n@3,\d+$/;
const long = `: ${'0123456789'.repeat(11)}`;

describe('the screen of a prompt', needs('tmux'), () => {
  it('has a line that wraps once, whatever becomes of the window while it is edited', async ({ signal }) => {
    using machine = new Machine();
    await using screen = await Screen.open(machine, signal);
    await screen.shows(greeting);
    await screen.type(long);
    await screen.shows(/\n>> : 0[\d\n]+9\n@/);
    for (const columns of [50, 31, 90, 130, 40]) {
      await screen.resize(columns, 16);
      await screen.type('x');
      await screen.shows(/9[\nx]+\n@/);
      await screen.press('BSpace');
      await screen.shows(/^(?:(?!>> : 0)[^])*>> : 0(?:(?!>> : 0)[^])*9\n@/);
    }
    await screen.press('Home', 'C-c');
    await screen.shows(/>> : 0[\d\n]+9\^C\n>>\n@3,\d+$/);
  });

  it('shows a command of several lines as one when it is recalled, and no more newlines than it has', async ({
    signal,
  }) => {
    using machine = new Machine();
    await using screen = await Screen.open(machine, signal);
    await screen.shows(greeting);
    await screen.type('printf %s. "one␊');
    await screen.press('Enter');
    await screen.shows(/\n\.\.\n@3,\d+$/);
    await screen.type('two"');
    await screen.press('Enter');
    await screen.shows(/\none␊\ntwo\.\n>>\n@/);
    await screen.press('Up');
    await screen.shows(/\n>> printf %s\. "one␊␊two"\n@24,\d+$/);
    await screen.press('Left', 'BSpace', 'Left', 'Left', 'Left', 'BSpace', 'Enter');
    await screen.shows(/\n>> printf %s\. "one␊tw"\none\ntw\.\n>>\n@/);
  });

  it('scrolls as before after a command that has left it otherwise', async ({ signal }) => {
    using machine = new Machine();
    await using screen = await Screen.open(machine, signal);
    await screen.shows(greeting);
    await screen.type(`printf '\\033[2;5r\\033[7;1H'`);
    await screen.press('Enter');
    await screen.shows(/\n>>\n@3,7$/);
    await screen.type('seq 40');
    await screen.press('Enter');
    await screen.shows(/^26\n[\d\n]*40\n>>\n@3,15$/);
    await screen.type(`printf '\\033[2;5r\\033[?6h'; echo here`);
    await screen.press('Enter');
    await screen.shows(/here\n[^]*\n>>\n@3,15$/);
    await screen.type('seq 40');
    await screen.press('Enter');
    await screen.shows(/^26\n[\d\n]*40\n>>\n@3,15$/);
  });
});
