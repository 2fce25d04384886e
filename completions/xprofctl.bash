# bash completion of xprofctl. Made by: xprofctl completion bash
_xprofctl() {
  local IFS=$'\n' word line current
  local -a words=() lines=()
  # bash splits words at "=": --pid=12 comes as three.
  for word in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ ${#words[@]} -gt 0 && ( $word == "=" || ${words[-1]} == --*= ) ]]; then
      words[-1]+=$word
    else
      words+=("$word")
    fi
  done
  current=${words[-1]}
  lines=($("${words[0]}" complete -- "${words[@]}" 2>/dev/null))
  COMPREPLY=()
  for line in "${lines[@]}"; do
    case $line in
      :files) COMPREPLY+=($(compgen -f -- "${current#--*=}")); compopt -o filenames ;;
      :dirs) COMPREPLY+=($(compgen -d -- "${current#--*=}")); compopt -o filenames ;;
      *)
        line=${line%%$'\t'*}
        [[ $current == --*=* ]] && line=${line#--*=}
        COMPREPLY+=("$line")
        ;;
    esac
  done
}
complete -F _xprofctl xprofctl
