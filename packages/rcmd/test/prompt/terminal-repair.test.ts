import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TerminalRepair } from '../../src/prompt/terminal-repair.ts';

const repair = '\u001b\\\u001b[0m\u000f\u001b(B\u001b[?25h\u001b[?1000;1002;1003;1006;2004;1l';
const leave = '\u001b[?1049l';

/** What is written after a command that has written these pieces. */
function after(...pieces: readonly string[]): string {
  const terminal = new TerminalRepair();
  for (const piece of pieces) terminal.saw(Buffer.from(piece, 'latin1'));
  const text = terminal.take();
  assert.equal(terminal.take(), '');
  return text;
}

describe('what repairs a terminal after a command', () => {
  it('is nothing after text', () => {
    assert.equal(after(), '');
    assert.equal(after('plain\n', 'b\u00e4r\t\u0007'), '');
    assert.equal(after(Buffer.from('\u00a0\u00ab\u00b0').toString('latin1')), ''); // two bytes each, as C1 has
    assert.equal(after('\u00c2', '\u00a0'), '');
  });

  it('takes back what sequences have left, also those that were not finished', () => {
    for (const wild of ['\u001b[31mred', '\u001bPstring', '\u000elines', 'end\u001b', '\u00c2\u009b?25l']) {
      assert.equal(after('text', wild, 'text'), repair, JSON.stringify(wild));
    }
  });

  it('leaves the other screen by the mode that entered it, however that is written', () => {
    for (const [mode, screen] of [
      ['47', '\u001b[?47h'],
      ['1047', '\u001b[?1047h'],
      ['1049', '\u001b[?1049;1h'],
      ['1049', '\u001b[?1;1049h'],
      ['1049', '\u00c2\u009b?1049h'],
    ] as const) {
      for (let at = 0; at <= screen.length; at += 1) {
        const said = after(screen.slice(0, at), screen.slice(at));
        assert.equal(said, `${repair}\u001b[?${mode}l`, `${JSON.stringify(screen)}, cut at ${at}`);
      }
    }
    assert.equal(after('\u001b[?1049h', '\u001b[?1;1049l'), repair);
  });

  it('leaves the other screen only where it was entered last, wherever the bytes are cut', () => {
    const screen = '\u001b[?25l\u001b[?1049h drawn';
    for (let at = 0; at <= screen.length; at += 1) {
      assert.equal(after(screen.slice(0, at), screen.slice(at)), `${repair}${leave}`, `cut at ${at}`);
      assert.equal(after(screen.slice(0, at), screen.slice(at), leave, 'bye'), repair, `left, cut at ${at}`);
    }
  });
});
