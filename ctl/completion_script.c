/* The scripts that shells read. All knowledge is in `xprofctl complete`; they only pass it on. */
#include "completion.h"
#include <string.h>

static const char bash[] =
    "# bash completion of xprofctl. Made by: xprofctl completion bash\n"
    "_xprofctl() {\n"
    "  local IFS=$'\\n' word line current\n"
    "  local -a words=() lines=()\n"
    "  # bash splits words at \"=\": --pid=12 comes as three.\n"
    "  for word in \"${COMP_WORDS[@]:0:COMP_CWORD+1}\"; do\n"
    "    if [[ ${#words[@]} -gt 0 && ( $word == \"=\" || ${words[-1]} == --*= ) ]]; then\n"
    "      words[-1]+=$word\n"
    "    else\n"
    "      words+=(\"$word\")\n"
    "    fi\n"
    "  done\n"
    "  current=${words[-1]}\n"
    "  lines=($(\"${words[0]}\" complete -- \"${words[@]}\" 2>/dev/null))\n"
    "  COMPREPLY=()\n"
    "  for line in \"${lines[@]}\"; do\n"
    "    case $line in\n"
    "      :files) COMPREPLY+=($(compgen -f -- \"${current#--*=}\")); compopt -o filenames ;;\n"
    "      :dirs) COMPREPLY+=($(compgen -d -- \"${current#--*=}\")); compopt -o filenames ;;\n"
    "      *)\n"
    "        line=${line%%$'\\t'*}\n"
    "        [[ $current == --*=* ]] && line=${line#--*=}\n"
    "        COMPREPLY+=(\"$line\")\n"
    "        ;;\n"
    "    esac\n"
    "  done\n"
    "}\n"
    "complete -F _xprofctl xprofctl\n";

static const char zsh[] =
    "#compdef xprofctl\n"
    "# zsh completion of xprofctl. Made by: xprofctl completion zsh\n"
    "_xprofctl() {\n"
    "  local line text about\n"
    "  local -a lines texts shown\n"
    "  lines=(\"${(@f)$(\"${words[1]}\" complete -- \"${(@Q)words[1,CURRENT]}\" 2>/dev/null)}\")\n"
    "  for line in $lines; do\n"
    "    case $line in\n"
    "      :files) compset -P '--*='; _files; return ;;\n"
    "      :dirs) compset -P '--*='; _files -/; return ;;\n"
    "      *)\n"
    "        text=${line%%$'\\t'*}\n"
    "        about=${line#*$'\\t'}\n"
    "        texts+=(\"$text\")\n"
    "        [[ $about == $line ]] && shown+=(\"$text\") || shown+=(\"$text  $about\")\n"
    "        ;;\n"
    "    esac\n"
    "  done\n"
    "  compadd -l -d shown -- $texts\n"
    "}\n"
    "if [[ $funcstack[1] == _xprofctl ]]; then\n"
    "  _xprofctl \"$@\"\n"
    "else\n"
    "  compdef _xprofctl xprofctl\n"
    "fi\n";

static const char fish[] = "# fish completion of xprofctl. Made by: xprofctl completion fish\n"
                           "function __xprofctl_complete\n"
                           "    set -l words (commandline -opc) (commandline -ct)\n"
                           "    for line in ($words[1] complete -- $words 2>/dev/null)\n"
                           "        switch $line\n"
                           "            case ':files'\n"
                           "                __fish_complete_path (commandline -ct)\n"
                           "            case ':dirs'\n"
                           "                __fish_complete_directories (commandline -ct)\n"
                           "            case '*'\n"
                           "                echo $line\n"
                           "        end\n"
                           "    end\n"
                           "end\n"
                           "complete -c xprofctl -f -a '(__xprofctl_complete)'\n";

const char *xpf_completion_script(const char *shell) {
  if (strcmp(shell, "bash") == 0)
    return bash;
  if (strcmp(shell, "zsh") == 0)
    return zsh;
  return strcmp(shell, "fish") == 0 ? fish : NULL;
}
