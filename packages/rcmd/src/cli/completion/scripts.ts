/** The shells that {@link completionScripts} knows. */
export type CompletedShell = keyof typeof completionScripts;

/**
 * What makes a shell ask `rcmd complete` for the words that it offers, for each shell. An answer is lines of a word, a tab and what it means;
 * `:files` stands for the names of files.
 */
export const completionScripts = {
  bash: `\
_rcmd() {
  local line=\${COMP_LINE:0:COMP_POINT} prefix= word at
  local -a words=()
  # Bash parts words at = and : too.
  for ((at = 0; at <= COMP_CWORD; at++)); do
    if [[ at -eq 0 || $line == [[:space:]]* ]]; then
      line=\${line#"\${line%%[![:space:]]*}"} prefix=
      words+=('')
    else
      prefix=\${words[-1]}
    fi
    word=\${COMP_WORDS[at]}
    [[ at -lt COMP_CWORD ]] || word=$line
    line=\${line#"$word"}
    words[-1]+=$word
  done
  [[ $word != [=:] ]] || prefix=\${words[-1]}
  # What is quoted, perhaps with the end still to come, is offered without.
  words=("\${words[@]//[\\"\\'\\\\]/}") prefix=\${prefix//[\\"\\'\\\\]/}
  COMPREPLY=()
  while IFS=$'\\t' read -r word _; do
    if [[ $word != :files ]]; then
      COMPREPLY+=("\${word#"$prefix"}")
    elif [[ -z $prefix && \${words[-1]} == unix:* ]]; then
      # No file has this name, so bash would put its name in as it is: one that a shell might run is not offered.
      while IFS= read -r word; do
        [[ ! $word =~ ^[A-Za-z0-9_.:/@%+-]+$ ]] || COMPREPLY+=("unix:$word")
      done < <(compgen -f -- "\${words[-1]#unix:}")
    else
      compopt -o default
    fi
  done < <(rcmd complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _rcmd rcmd
`,
  zsh: `\
#compdef rcmd
_rcmd() {
  local -a candidates
  local line takes_files
  for line in "\${(@f)$(rcmd complete -- "\${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) takes_files=1 ;;
      *$'\\t') candidates+=("\${\${line%$'\\t'}//:/\\\\:}") ;;
      *) candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
    esac
  done
  if [[ -n $takes_files ]]; then
    compset -P 'unix:'
    _files
  else
    _describe rcmd candidates
  fi
}
compdef _rcmd rcmd
`,
  fish: `\
function __rcmd_complete
    # What is quoted, perhaps with the end still to come, is offered without.
    set --local current (commandline --current-token --cut-at-cursor | string replace --all --regex '["\\'\\\\\\\\]' '')
    for line in (rcmd complete -- (commandline --tokenize --current-process --cut-at-cursor)[2..] $current 2>/dev/null)
        if test "$line" = :files
            set --local prefix ''
            string match --quiet 'unix:*' -- $current; and set prefix unix:
            printf '%s\\n' $prefix(__fish_complete_path (string replace --regex '^unix:' '' -- $current))
        else
            printf '%s\\n' $line
        end
    end
end
complete --command rcmd --no-files --arguments '(__rcmd_complete)'
`,
} as const;
