import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TerminalRepair } from '../../src/prompt/terminal-repair.ts';

const repair =
  '\u001b\\\u001b[0m\u000f\u001b(B\u001b[4l\u001b>\u001b[?7;25h\u001b[?1000;1002;1003;1004;1006;2004;1l';
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
    for (const character of ['\u00a0', '\u00db', '\u30db', '\u4e00', '\u{1f6db}', '\u{1f9df}']) {
      const bytes = Buffer.from(character).toString('latin1'); // those after the first one are in the range of C1
      for (let at = 0; at <= bytes.length; at += 1) {
        assert.equal(after(bytes.slice(0, at), `${bytes.slice(at)}?6h ${bytes}2;3r`), '', character);
      }
    }
  });

  it('takes back what sequences have left, also those that were not finished', () => {
    for (const wild of [
      '\u001b[31mred',
      '\u001bPstring',
      '\u000elines',
      'end\u001b',
      '\u00c2\u009b?25l',
      '\u009b?25l',
      '\u00c3\u00a4\u009b4h',
    ]) {
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
      ['1049', '\u009b?1049h'],
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

  it('lets all lines scroll again where some did not, and rows count from the top', () => {
    const margins = '\u001b7\u001b[r\u001b8';
    const rows = '\u001b[?6l\u001b[9999H\n';
    for (const [left, mended] of [
      ['\u001b[2;5r', margins],
      ['\u009b5r', margins],
      ['\u001b[2;5r\u001b[1;1Hx\u001b[;r', ''],
      ['\u001b[?6h', rows],
      ['\u001b[?6;1h', rows],
      ['\u001b[?6h\u001b[?6l', ''],
      ['\u001b[2;5r\u001b[?6h', margins + rows],
      ['\u001b[?1049h\u001b[2;5r\u001b[?6h', margins + rows + leave],
    ] as const) {
      for (let at = 0; at <= left.length; at += 1) {
        const said = after(left.slice(0, at), `${left.slice(at)}text`);
        assert.equal(said, repair + mended, `${JSON.stringify(left)}, cut at ${at}`);
      }
    }
  });
});
