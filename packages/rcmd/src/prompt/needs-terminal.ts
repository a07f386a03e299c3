/** Programs that draw on a terminal whatever they are told, and then wait for keys. */
const editors = /^\s*(?:\S*\/)?(vi|vim|nvim|nano|pico|emacs|joe|mcedit)(?:\s[^|<>;&]*)?$/;

/** The editor that a line starts, where it does nothing else: it would wait for keys that do not reach it. */
export function editorIn(line: string): string | undefined {
  return editors.exec(line)?.[1];
}
