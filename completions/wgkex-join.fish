# fish completion of wgkex-join(8)
function __wgkex_join_names
    for file in /etc/wgkex-client/*.toml
        string replace -r '.*/(.*)\.toml$' '$1' $file
    end
end

set --local commands status doctor down up export leave run
set --local setup "not __fish_seen_subcommand_from $commands"
complete -c wgkex-join -f
complete -c wgkex-join -s h -l help -d 'print this text'
complete -c wgkex-join -n __fish_use_subcommand -l version -d 'print the version'
complete -c wgkex-join -n __fish_use_subcommand -a '(__wgkex_join_names)' -d 'a tunnel of this machine'
complete -c wgkex-join -n __fish_use_subcommand -a status -d 'show whether the tunnels are up, and what is wrong if not'
complete -c wgkex-join -n __fish_use_subcommand -a doctor -d 'check everything that a tunnel needs, and show what fixes problems'
complete -c wgkex-join -n __fish_use_subcommand -a down -d 'stop a tunnel until the next boot, or until "up"'
complete -c wgkex-join -n __fish_use_subcommand -a up -d 'start a tunnel'
complete -c wgkex-join -n __fish_use_subcommand -a export -d 'print the tunnel as a file for the WireGuard apps, for another device'
complete -c wgkex-join -n __fish_use_subcommand -a leave -d 'stop a tunnel, and remove its key, credentials and settings'
complete -c wgkex-join -n __fish_use_subcommand -a run -d 'keep a tunnel up in the foreground; its service does this'
complete -c wgkex-join -n "__fish_seen_subcommand_from $commands" -a '(__wgkex_join_names)' -d 'a tunnel of this machine'
complete -c wgkex-join -n '__fish_seen_subcommand_from status doctor' -l json -d 'print JSON for programs'
complete -c wgkex-join -n '__fish_seen_subcommand_from export' -l output -r -F -d 'write a new file here, which only its owner can read'
complete -c wgkex-join -n '__fish_seen_subcommand_from export' -l qr -d 'draw a QR code, for the app of a phone'
complete -c wgkex-join -n $setup -l gateway -x -d 'HOST, HOST:PORT or [IPV6]:PORT of the gateways, separated by commas'
complete -c wgkex-join -n $setup -l domain -x -d 'the domain of the members, as the operator calls it'
complete -c wgkex-join -n $setup -l token-file -r -F -d 'read the access code here instead of asking; - for standard input'
complete -c wgkex-join -n $setup -l all-traffic -d "send everything through the tunnel, not only what is for the members' networks"
complete -c wgkex-join -n $setup -l no-all-traffic -d 'take --all-traffic back'
complete -c wgkex-join -n $setup -l proxy-only -d 'send only what a program binds to the address of the lease, such as a proxy'
complete -c wgkex-join -n $setup -l no-proxy-only -d 'take --proxy-only back'
complete -c wgkex-join -n $setup -l over-tcp -x -a 'auto always never' -d 'use the relay of a gateway, for networks without UDP; auto if never set'
complete -c wgkex-join -n $setup -l sample -x -d 'how many gateways to compare by connection time; 3 if never set'
complete -c wgkex-join -n $setup -l no-start -d 'neither start it now nor at boot'
complete -c wgkex-join -n $setup -l new-key -d 'replace the key pair, after which the operator must release the lease'
