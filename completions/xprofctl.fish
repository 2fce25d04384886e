# fish completion of xprofctl. Made by: xprofctl completion fish
function __xprofctl_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] complete -- $words 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':dirs'
                __fish_complete_directories (commandline -ct)
            case '*'
                echo $line
        end
    end
end
complete -c xprofctl -f -a '(__xprofctl_complete)'
