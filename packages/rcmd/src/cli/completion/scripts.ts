/** The shells that {@link completionScripts} knows. */
export type CompletedShell = keyof typeof completionScripts;

/** What makes a shell ask `rcmd complete` for the words that it offers, for each shell. */
export const completionScripts = {
  bash: `\
_rcmd() {
  mapfile -t COMPREPLY < <(rcmd complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1)
}
complete -F _rcmd rcmd
`,
  zsh: `\
#compdef rcmd
_rcmd() {
  local -a candidates
  local line
  for line in "\${(@f)$(rcmd complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe rcmd candidates
}
compdef _rcmd rcmd
`,
  fish: `\
complete --command rcmd --no-files --arguments '(rcmd complete -- (commandline --tokenize --current-process --cut-at-cursor)[2..] (commandline --current-token --cut-at-cursor) 2>/dev/null)'
`,
} as const;
