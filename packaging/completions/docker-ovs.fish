# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_docker_ovs_global_optspecs
    string join \n H/host= c/context= config= engine= db= p/private-key= certificate= C/ca-cert= openflow= from= server= token-file= tls-ca= tls-server-name= t/timeout= D/debug l/log-level= log-format= h/help V/version
end

function __fish_docker_ovs_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_docker_ovs_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_docker_ovs_using_subcommand
    set -l cmd (__fish_docker_ovs_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -s V -l version -d 'Print version'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "port" -d 'Show the OpenFlow ports of a container\'s interfaces'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "ls" -d 'List every container\'s interfaces and where they are on the switch'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "ps" -d 'List every container\'s interfaces and where they are on the switch'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "ports" -d 'List the ports of a bridge, or of all, and who is on them'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "who" -d 'Tell whose an OpenFlow port, MAC, IP address, host interface or ifindex is'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "explain" -d 'Show how the answer comes about, step by step, and what each source says'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "graph" -d 'Draw the bridges and who is plugged into them'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "annotate" -d 'Name the containers in what Open vSwitch\'s programs print: a filter'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "flows" -d 'Show the flows of a bridge with who is on their ports'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "fdb" -d 'Show the MAC table of a bridge with whose each address is'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "trace" -d 'Tell whether a packet would get from one container to another, and why'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "top" -d 'Watch ports by traffic, with who is on them'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "events" -d 'Tell whenever an interface appears, changes or vanishes, or a port is orphaned'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "wait" -d 'Wait until a container has an OpenFlow port, and show it'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "snapshot" -d 'Save everything there is to see, to be read again with --from'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "diff" -d 'Tell what is different between two snapshots, or between one and now'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "serve" -d 'Keep looking, and answer programs and browsers: HTTP, events, metrics'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "driver" -d 'Make the networks of docker network create -d ovs, when Docker asks for it'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "doctor" -d 'Check what can be reached, and say what to do about the rest'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "connect" -d 'Give a running container an interface, and the interface an OpenFlow port'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "disconnect" -d 'Take an interface from a container, and its port from the bridge'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "restore" -d 'Make interfaces again that restarted containers lost, on the same OpenFlow ports'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "prune" -d 'Remove orphaned ports: those whose link is gone'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "version" -d 'Tell which build of docker-ovs this is'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "completion" -d 'Write a script that makes a shell complete docker-ovs'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "ovs" -d 'What to do. The options of a verb have no doc comment as a whole: they are made after the verb, and it would be told in place of what stands here'
complete -c docker-ovs -n "__fish_docker_ovs_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l format -d 'table, csv, json, or a Go template such as \'{{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -s q -l quiet -d 'Print OpenFlow port numbers only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand port" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l bridge -d 'Only what is on this bridge' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s f -l filter -d 'container=NAME, bridge=NAME, vlan=TAG, status=STATE or label=KEY[=VALUE]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l format -d 'table, csv, json, or a Go template such as \'{{.Container}} {{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s a -l all -d 'Also show orphaned ports: those whose link is gone'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s q -l quiet -d 'Print container ids only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l no-trunc -d 'Print full container ids, and cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -l partial -d 'List what was seen although a container could not be read'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l bridge -d 'Only what is on this bridge' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s f -l filter -d 'container=NAME, bridge=NAME, vlan=TAG, status=STATE or label=KEY[=VALUE]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l format -d 'table, csv, json, or a Go template such as \'{{.Container}} {{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s a -l all -d 'Also show orphaned ports: those whose link is gone'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s q -l quiet -d 'Print container ids only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l no-trunc -d 'Print full container ids, and cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -l partial -d 'List what was seen although a container could not be read'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ps" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l format -d 'table, csv, json, or a Go template such as \'{{.OFPort}} {{.Who}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l source -d 'How the switch is asked; datapath ports are always asked of appctl' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ports" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l format -d 'table, csv, json, or a Go template such as \'{{.Container}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -s q -l quiet -d 'Print container names only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l partial -d 'Answer from what was seen although a container could not be read'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand who" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l format -d 'table, json, or a Go template' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -l source -d 'Ask the switch in one way instead of all three' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l bridge -d 'Only this bridge' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l format -d 'What to draw it in' -r -f -a "svg\t'A picture for browsers and documents'
dot\t'A graph for Graphviz'
mermaid\t'A flowchart for Markdown'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l pattern -d 'Regular expression whose first group, or the group called port, is an OpenFlow port; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l replace -d 'Put the container in the place of the port, not after it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l macs -d 'Also name the owners of MACs'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -l ips -d 'Also name the owners of IP addresses'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand annotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l format -d 'table, csv, json, or a Go template such as \'{{.Table}} {{.Text}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -s w -l watch -d 'Tell what changes, with packets and bytes a second'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -l stale -d 'Only flows that name a port that no one has, or that another one has since'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand flows" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l format -d 'table, csv, json, or a Go template such as \'{{.MAC}} {{.Owner}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l misplaced -d 'Only addresses that came from elsewhere than their owner\'s port'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand fdb" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l tcp -d 'The first packet of a TCP connection to this port' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l udp -d 'A UDP datagram to this port' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l raw -d 'The packet as ovs-fields(7) writes it, such as \'tcp,nw_dst=192.0.2.7,tcp_dst=80\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l format -d 'table (a sentence), csv, json, or a Go template such as \'{{.Outcome}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l icmp -d 'An echo request, as ping sends it; this is usual'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l arp -d 'The question who has the address; of IPv6 a neighbour solicitation'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -l both -d 'Also the answer, from DST to SRC'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -s v -l verbose -d 'Also the packet, and what vswitchd says'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand trace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s n -l iterations -d 'So many times, with --batch; for ever if none is given' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s d -l delay -d 'How long rates are measured: 1, 2.5s, 500ms' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l sort -d 'What comes first' -r -f -a "traffic\t'Bytes a second, both ways'
packets\t'Packets a second, both ways'
drops\t'Packets dropped'
errors\t'Errors'
name\t'Who is on it'
port\t'Bridge and number'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l format -d 'table, csv, json, or a Go template such as \'{{.Who}} {{.RxBytesPerSecond}}\'; with --batch' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s b -l batch -d 'Print rows instead of a live view'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -s f -l filter -d 'container=NAME, bridge=NAME, vlan=TAG, status=STATE or label=KEY[=VALUE]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l format -d 'json, csv, or a Go template such as \'{{.Action}} {{.Container}} {{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -l initial -d 'Begin with what is there already'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -l format -d 'table, csv, json, or a Go template such as \'{{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -s q -l quiet -d 'Print OpenFlow port numbers only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -l anonymise -l anonymize -d 'Keep the structure, hide names, addresses and labels'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -l format -d 'table, csv, json, or a Go template such as \'{{.Action}} {{.Container}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l socket -d 'Unix socket to listen on; root and its group may use it' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l listen -d 'TCP address to listen on, for reading; may be repeated; none for no TCP' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l restore -d 'Make the interfaces of a container again, on the same numbers, whenever it starts' -r -f -a "on\t'It is'
off\t'It is not'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l tls-cert -d 'Certificate for TCP, PEM; needed beyond loopback, with the next two' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -l tls-key -d 'Its private key' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -l socket -d 'Unix socket to listen on, where the service manager passes none on; its name is the driver\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand driver" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -l format -d 'table, csv, json, or a Go template such as \'{{.Verdict}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s i -l interface -d 'Name of the interface in the container; the next free ethN if none is given' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l ofport -d 'OpenFlow port, or auto to take what OVS gives; a free one from 32768 on if none is given' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l ip -d 'Address with prefix length, such as 192.0.2.7/24; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l gateway -d 'Gateway of a default route; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l mac -d 'Hardware address of the interface' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l mtu -d 'MTU in bytes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l vlan -d 'Access VLAN, or native VLAN of a trunk' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l trunk -d 'VLANs that it is a trunk for, such as 10-20,30; with --vlan, that one is its native VLAN' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l vlan-mode -d 'access, trunk, native-tagged or native-untagged; what follows from the two if none is given' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l host-interface -d 'Name of the interface on the host, and of the port' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l format -d 'table, csv, json, or a Go template such as \'{{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -l dry-run -d 'Show what would be done, and the row that would come of it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s q -l quiet -d 'Print the OpenFlow port number only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s i -l interface -d 'Name of the interface in the container; may be left out where there is only one' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s f -l force -d 'Also what neither docker-ovs nor ovs-docker made'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -l dry-run -d 'Show what would be done'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand disconnect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l format -d 'table, csv, json, or a Go template such as \'{{.Container}} {{.Result}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -s a -l all -d 'Those of all containers'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -l dry-run -d 'Show what would be done'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l bridge -d 'Only on this bridge' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l filter -d 'until=TIME: what was made before; 24h, 1h30m, 2026-01-31T12:00:00 (UTC), or seconds since 1970' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l format -d 'table, csv, json, or a Go template such as \'{{.Bridge}} {{.Port}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s a -l all -d 'Also ports that others made and whose device is gone'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l stopped -d 'Also ports of stopped containers'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l dry-run -d 'Show what would be removed'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s f -l force -d 'Do not ask'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -l format -d 'table, csv, json, or a Go template such as \'{{.Commit}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -s V -l version -d 'Print version'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "port" -d 'Show the OpenFlow ports of a container\'s interfaces'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "ls" -d 'List every container\'s interfaces and where they are on the switch'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "ps" -d 'List every container\'s interfaces and where they are on the switch'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "ports" -d 'List the ports of a bridge, or of all, and who is on them'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "who" -d 'Tell whose an OpenFlow port, MAC, IP address, host interface or ifindex is'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "explain" -d 'Show how the answer comes about, step by step, and what each source says'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "graph" -d 'Draw the bridges and who is plugged into them'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "annotate" -d 'Name the containers in what Open vSwitch\'s programs print: a filter'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "flows" -d 'Show the flows of a bridge with who is on their ports'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "fdb" -d 'Show the MAC table of a bridge with whose each address is'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "trace" -d 'Tell whether a packet would get from one container to another, and why'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "top" -d 'Watch ports by traffic, with who is on them'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "events" -d 'Tell whenever an interface appears, changes or vanishes, or a port is orphaned'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "wait" -d 'Wait until a container has an OpenFlow port, and show it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "snapshot" -d 'Save everything there is to see, to be read again with --from'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "diff" -d 'Tell what is different between two snapshots, or between one and now'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "serve" -d 'Keep looking, and answer programs and browsers: HTTP, events, metrics'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "driver" -d 'Make the networks of docker network create -d ovs, when Docker asks for it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "doctor" -d 'Check what can be reached, and say what to do about the rest'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "connect" -d 'Give a running container an interface, and the interface an OpenFlow port'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "disconnect" -d 'Take an interface from a container, and its port from the bridge'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "restore" -d 'Make interfaces again that restarted containers lost, on the same OpenFlow ports'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "prune" -d 'Remove orphaned ports: those whose link is gone'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "version" -d 'Tell which build of docker-ovs this is'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "completion" -d 'Write a script that makes a shell complete docker-ovs'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and not __fish_seen_subcommand_from port ls ps ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l format -d 'table, csv, json, or a Go template such as \'{{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -s q -l quiet -d 'Print OpenFlow port numbers only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from port" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l bridge -d 'Only what is on this bridge' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s f -l filter -d 'container=NAME, bridge=NAME, vlan=TAG, status=STATE or label=KEY[=VALUE]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l format -d 'table, csv, json, or a Go template such as \'{{.Container}} {{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s a -l all -d 'Also show orphaned ports: those whose link is gone'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print container ids only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l no-trunc -d 'Print full container ids, and cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -l partial -d 'List what was seen although a container could not be read'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l bridge -d 'Only what is on this bridge' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s f -l filter -d 'container=NAME, bridge=NAME, vlan=TAG, status=STATE or label=KEY[=VALUE]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l format -d 'table, csv, json, or a Go template such as \'{{.Container}} {{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s a -l all -d 'Also show orphaned ports: those whose link is gone'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s q -l quiet -d 'Print container ids only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l no-trunc -d 'Print full container ids, and cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -l partial -d 'List what was seen although a container could not be read'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ps" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l format -d 'table, csv, json, or a Go template such as \'{{.OFPort}} {{.Who}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l source -d 'How the switch is asked; datapath ports are always asked of appctl' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from ports" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l format -d 'table, csv, json, or a Go template such as \'{{.Container}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -s q -l quiet -d 'Print container names only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l partial -d 'Answer from what was seen although a container could not be read'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from who" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l format -d 'table, json, or a Go template' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -l source -d 'Ask the switch in one way instead of all three' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l bridge -d 'Only this bridge' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l format -d 'What to draw it in' -r -f -a "svg\t'A picture for browsers and documents'
dot\t'A graph for Graphviz'
mermaid\t'A flowchart for Markdown'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -l source -d 'How the switch is asked' -r -f -a "ovsdb\t'The database: what ovs-vsctl answers'
openflow\t'Port descriptions: what ovs-ofctl show prints'
appctl\t'dpif/show on vswitchd\'s control socket'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l pattern -d 'Regular expression whose first group, or the group called port, is an OpenFlow port; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l replace -d 'Put the container in the place of the port, not after it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l macs -d 'Also name the owners of MACs'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -l ips -d 'Also name the owners of IP addresses'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from annotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l format -d 'table, csv, json, or a Go template such as \'{{.Table}} {{.Text}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -s w -l watch -d 'Tell what changes, with packets and bytes a second'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -l stale -d 'Only flows that name a port that no one has, or that another one has since'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from flows" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l format -d 'table, csv, json, or a Go template such as \'{{.MAC}} {{.Owner}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l misplaced -d 'Only addresses that came from elsewhere than their owner\'s port'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from fdb" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l tcp -d 'The first packet of a TCP connection to this port' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l udp -d 'A UDP datagram to this port' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l raw -d 'The packet as ovs-fields(7) writes it, such as \'tcp,nw_dst=192.0.2.7,tcp_dst=80\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l format -d 'table (a sentence), csv, json, or a Go template such as \'{{.Outcome}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l icmp -d 'An echo request, as ping sends it; this is usual'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l arp -d 'The question who has the address; of IPv6 a neighbour solicitation'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -l both -d 'Also the answer, from DST to SRC'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -s v -l verbose -d 'Also the packet, and what vswitchd says'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from trace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s n -l iterations -d 'So many times, with --batch; for ever if none is given' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s d -l delay -d 'How long rates are measured: 1, 2.5s, 500ms' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l sort -d 'What comes first' -r -f -a "traffic\t'Bytes a second, both ways'
packets\t'Packets a second, both ways'
drops\t'Packets dropped'
errors\t'Errors'
name\t'Who is on it'
port\t'Bridge and number'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l format -d 'table, csv, json, or a Go template such as \'{{.Who}} {{.RxBytesPerSecond}}\'; with --batch' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s b -l batch -d 'Print rows instead of a live view'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -s f -l filter -d 'container=NAME, bridge=NAME, vlan=TAG, status=STATE or label=KEY[=VALUE]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l format -d 'json, csv, or a Go template such as \'{{.Action}} {{.Container}} {{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -l initial -d 'Begin with what is there already'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -l format -d 'table, csv, json, or a Go template such as \'{{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Print OpenFlow port numbers only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -l anonymise -l anonymize -d 'Keep the structure, hide names, addresses and labels'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -l format -d 'table, csv, json, or a Go template such as \'{{.Action}} {{.Container}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l socket -d 'Unix socket to listen on; root and its group may use it' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l listen -d 'TCP address to listen on, for reading; may be repeated; none for no TCP' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l restore -d 'Make the interfaces of a container again, on the same numbers, whenever it starts' -r -f -a "on\t'It is'
off\t'It is not'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l tls-cert -d 'Certificate for TCP, PEM; needed beyond loopback, with the next two' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -l tls-key -d 'Its private key' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -l socket -d 'Unix socket to listen on, where the service manager passes none on; its name is the driver\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from driver" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -l format -d 'table, csv, json, or a Go template such as \'{{.Verdict}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s i -l interface -d 'Name of the interface in the container; the next free ethN if none is given' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l ofport -d 'OpenFlow port, or auto to take what OVS gives; a free one from 32768 on if none is given' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l ip -d 'Address with prefix length, such as 192.0.2.7/24; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l gateway -d 'Gateway of a default route; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l mac -d 'Hardware address of the interface' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l mtu -d 'MTU in bytes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l vlan -d 'Access VLAN, or native VLAN of a trunk' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l trunk -d 'VLANs that it is a trunk for, such as 10-20,30; with --vlan, that one is its native VLAN' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l vlan-mode -d 'access, trunk, native-tagged or native-untagged; what follows from the two if none is given' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l host-interface -d 'Name of the interface on the host, and of the port' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l format -d 'table, csv, json, or a Go template such as \'{{.OFPort}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -l dry-run -d 'Show what would be done, and the row that would come of it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s q -l quiet -d 'Print the OpenFlow port number only'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s i -l interface -d 'Name of the interface in the container; may be left out where there is only one' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s f -l force -d 'Also what neither docker-ovs nor ovs-docker made'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -l dry-run -d 'Show what would be done'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from disconnect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l format -d 'table, csv, json, or a Go template such as \'{{.Container}} {{.Result}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -s a -l all -d 'Those of all containers'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -l dry-run -d 'Show what would be done'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l bridge -d 'Only on this bridge' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l filter -d 'until=TIME: what was made before; 24h, 1h30m, 2026-01-31T12:00:00 (UTC), or seconds since 1970' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l format -d 'table, csv, json, or a Go template such as \'{{.Bridge}} {{.Port}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s a -l all -d 'Also ports that others made and whose device is gone'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l stopped -d 'Also ports of stopped containers'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l dry-run -d 'Show what would be removed'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s f -l force -d 'Do not ask'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -l no-trunc -d 'Print cells of a table as long as they are'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -l format -d 'table, csv, json, or a Go template such as \'{{.Commit}}\'' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -s H -l host -d 'Docker socket, unix:// or tcp:// to this machine [env: DOCKER_HOST]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -s c -l context -d 'Docker context [env: DOCKER_CONTEXT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l config -d 'Docker\'s configuration folder [env: DOCKER_CONFIG]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l engine -d 'Container engine to ask, KIND or KIND=ADDRESS; may be repeated; none for no engine. Without it all that are found on this host' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l db -d 'OVSDB server: unix:FILE, tcp:IP[:PORT] or ssl:IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -s p -l private-key -d 'Private key for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l certificate -d 'Certificate for ssl:' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -s C -l ca-cert -d 'Certificate of the authority that signed the server\'s' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l openflow -d 'Where a bridge speaks OpenFlow, BRIDGE=tcp:IP[:PORT]; may be repeated' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l from -d 'Read a saved snapshot (- for stdin) instead of the host' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l server -d 'Ask a daemon (docker ovs serve) instead of the host: unix://PATH, http://IP[:PORT] or https://IP[:PORT]' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l token-file -d 'File with the token that an https: daemon wants [env: DOCKER_OVS_TOKEN_FILE]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l tls-ca -d 'Authorities that may have signed its certificate, instead of the system\'s [env: DOCKER_OVS_TLS_CA]' -r -F
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l tls-server-name -d 'Name its certificate is made out to, if not to the address' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -s t -l timeout -d 'How long all waiting together may take: 10, 2.5s, 500ms, 1m; 0 for as long as it takes' -r
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -s l -l log-level -d 'Tell more: debug, info (what serve does anyway), warn, error or fatal; other verbs tell none' -r -f -a "debug\t'Each look, each request that is refused'
info\t'Also what is done, and what the daemon listens on'
warn\t'What is amiss: a source that is silent, a client that may not ask'
error\t'What could not be done'
fatal\t'As error'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -l log-format -d 'How it is told' -r -f -a "text\t'A line for people'
json\t'A JSON object on each line'"
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -s D -l debug -d 'The same as --log-level debug'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "port" -d 'Show the OpenFlow ports of a container\'s interfaces'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List every container\'s interfaces and where they are on the switch'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "ports" -d 'List the ports of a bridge, or of all, and who is on them'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "who" -d 'Tell whose an OpenFlow port, MAC, IP address, host interface or ifindex is'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "explain" -d 'Show how the answer comes about, step by step, and what each source says'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "graph" -d 'Draw the bridges and who is plugged into them'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "annotate" -d 'Name the containers in what Open vSwitch\'s programs print: a filter'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "flows" -d 'Show the flows of a bridge with who is on their ports'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "fdb" -d 'Show the MAC table of a bridge with whose each address is'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "trace" -d 'Tell whether a packet would get from one container to another, and why'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "top" -d 'Watch ports by traffic, with who is on them'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "events" -d 'Tell whenever an interface appears, changes or vanishes, or a port is orphaned'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "wait" -d 'Wait until a container has an OpenFlow port, and show it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "snapshot" -d 'Save everything there is to see, to be read again with --from'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Tell what is different between two snapshots, or between one and now'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "serve" -d 'Keep looking, and answer programs and browsers: HTTP, events, metrics'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "driver" -d 'Make the networks of docker network create -d ovs, when Docker asks for it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "doctor" -d 'Check what can be reached, and say what to do about the rest'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "connect" -d 'Give a running container an interface, and the interface an OpenFlow port'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "disconnect" -d 'Take an interface from a container, and its port from the bridge'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "restore" -d 'Make interfaces again that restarted containers lost, on the same OpenFlow ports'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "prune" -d 'Remove orphaned ports: those whose link is gone'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "version" -d 'Tell which build of docker-ovs this is'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "completion" -d 'Write a script that makes a shell complete docker-ovs'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand ovs; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "port" -d 'Show the OpenFlow ports of a container\'s interfaces'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "ls" -d 'List every container\'s interfaces and where they are on the switch'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "ports" -d 'List the ports of a bridge, or of all, and who is on them'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "who" -d 'Tell whose an OpenFlow port, MAC, IP address, host interface or ifindex is'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "explain" -d 'Show how the answer comes about, step by step, and what each source says'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "graph" -d 'Draw the bridges and who is plugged into them'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "annotate" -d 'Name the containers in what Open vSwitch\'s programs print: a filter'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "flows" -d 'Show the flows of a bridge with who is on their ports'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "fdb" -d 'Show the MAC table of a bridge with whose each address is'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "trace" -d 'Tell whether a packet would get from one container to another, and why'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "top" -d 'Watch ports by traffic, with who is on them'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "events" -d 'Tell whenever an interface appears, changes or vanishes, or a port is orphaned'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "wait" -d 'Wait until a container has an OpenFlow port, and show it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "snapshot" -d 'Save everything there is to see, to be read again with --from'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "diff" -d 'Tell what is different between two snapshots, or between one and now'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "serve" -d 'Keep looking, and answer programs and browsers: HTTP, events, metrics'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "driver" -d 'Make the networks of docker network create -d ovs, when Docker asks for it'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "doctor" -d 'Check what can be reached, and say what to do about the rest'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "connect" -d 'Give a running container an interface, and the interface an OpenFlow port'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "disconnect" -d 'Take an interface from a container, and its port from the bridge'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "restore" -d 'Make interfaces again that restarted containers lost, on the same OpenFlow ports'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "prune" -d 'Remove orphaned ports: those whose link is gone'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "version" -d 'Tell which build of docker-ovs this is'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "completion" -d 'Write a script that makes a shell complete docker-ovs'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "ovs" -d 'Open vSwitch ports of containers'
complete -c docker-ovs -n "__fish_docker_ovs_using_subcommand help; and not __fish_seen_subcommand_from port ls ports who explain graph annotate flows fdb trace top events wait snapshot diff serve driver doctor connect disconnect restore prune version completion ovs help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
