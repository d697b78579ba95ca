//! Words of Docker and Open vSwitch, and what they are called here.

/// A word in the place of a verb, or an option or argument that a verb does not take, and what does it here.
pub(super) struct Hint {
    /// Verbs that get it, with `mesh` before those of meshes; `*` where any does, and none for a word in the place of
    /// a verb.
    pub(super) verbs: &'static [&'static str],
    pub(super) words: &'static [&'static str],
    pub(super) told: &'static str,
}

const fn verb(words: &'static [&'static str], told: &'static str) -> Hint {
    Hint { verbs: &[], words, told }
}

const fn of(
    verbs: &'static [&'static str],
    words: &'static [&'static str],
    told: &'static str,
) -> Hint {
    Hint { verbs, words, told }
}

pub(super) const ANY: &[&str] = &["*"];
/// An argument where none is left, or none is taken.
const ARGUMENT: &[&str] = &[AN_ARGUMENT];
pub(super) const AN_ARGUMENT: &str = "ARGUMENT";

/// Words for what only reads. None of their hints names a verb that changes something.
pub(super) const READING: &[Hint] = &[
    verb(
        &["inspect", "describe", "get"],
        "docker ovs port CONTAINER --format json, or docker ovs explain CONTAINER",
    ),
    verb(
        &["list", "container", "containers", "interface", "interfaces", "attachments"],
        "docker ovs ls lists the interfaces of containers",
    ),
    verb(
        &["show", "list-ports", "list-ifaces", "list-br", "bridge", "bridges", "switch", "br"],
        "docker ovs ports lists the ports of every bridge, and who is on them",
    ),
    verb(
        &["dump-flows", "flow", "openflow", "rules"],
        "docker ovs flows BRIDGE shows flows with who is on their ports",
    ),
    verb(
        &["dump-ports", "stats", "rates", "counters"],
        "docker ovs top shows what passes through ports; --batch -n 1 for scripts",
    ),
    verb(&["fdb/show", "fdb-show", "macs", "mac"], "docker ovs fdb BRIDGE shows the MAC table"),
    verb(&["ofproto/trace", "ping"], "docker ovs trace SRC DST tells whether a packet gets there"),
    verb(
        &["find", "search", "where", "whois", "owner", "ip", "ofport"],
        "docker ovs who WHAT tells whose a port, a MAC or an address is",
    ),
    verb(&["monitor", "watch", "follow"], "docker ovs events tells what changes"),
    verb(
        &["logs", "log"],
        "docker ovs events tells what changes, docker ovs history what has changed",
    ),
    verb(&["info", "check", "status", "health"], "docker ovs doctor checks what can be reached"),
    verb(&["host", "fleet", "nodes", "node"], "docker ovs hosts lists the hosts of the fleet"),
    verb(&["meshes"], "docker ovs mesh ls lists meshes and their members"),
    verb(&["save", "dump", "export"], "docker ovs snapshot > FILE, or docker ovs capture FILE"),
    of(&["mesh"], &["list", "show", "inspect", "status", "ps"], "docker ovs mesh ls lists meshes"),
    of(
        &["port", "explain", "who", "ports", "flows", "fdb", "top", "trace", "diff", "history"],
        &["-f"],
        "--format has no short form: docker ovs VERB --format '{{.Field}}'",
    ),
    of(
        &["ls"],
        &["-l", "-n", "--last", "--latest"],
        "every running container is listed; --filter container=NAME lists one",
    ),
    of(ANY, &["-l"], "-l is --log-level, and takes one of debug, info, warn, error and fatal"),
    of(
        ANY,
        &["-q", "--quiet"],
        "--format '{{.Field}}' prints one field, and --format json shows their names",
    ),
    of(ANY, &["-v", "--verbose"], "docker ovs --version, or -D for what is done"),
    of(
        &["ports", "top", "fdb", "who", "graph"],
        &["--filter"],
        "docker ovs ls has --filter; docker ovs ports BRIDGE lists the ports of one bridge",
    ),
    of(
        &["history"],
        &["--filter", "-n", "--tail"],
        "docker ovs history WHAT tells of one container, port or address, --since and --until of a time",
    ),
    of(&["history"], &["--follow", "-f"], "docker ovs events tells what changes"),
    of(&["events"], &["--since", "--until"], "docker ovs history tells what has changed"),
    of(
        &["flows", "trace", "top", "fdb", "ports"],
        &["-O", "--protocols"],
        "the version of OpenFlow is chosen without it",
    ),
    of(
        ANY,
        &["--columns", "--names", "--no-names", "--no-heading", "--no-headings"],
        "--format '{{.Field}}' chooses fields, and --format csv has no header",
    ),
    of(
        &["flows", "fdb", "ports", "ls"],
        &["--sort", "--rsort"],
        "rows come in an order of their own; --format csv can be sorted",
    ),
    of(&["mesh check"], &["--fleet"], "it is of the fleet without that option"),
    of(
        &["ls"],
        ARGUMENT,
        "--bridge BRIDGE lists those on a bridge, --filter container=NAME those of a container",
    ),
    of(&["graph"], ARGUMENT, "--bridge BRIDGE draws one bridge"),
    of(&["events"], ARGUMENT, "--filter container=NAME or --filter bridge=NAME tells of one"),
    of(&["snapshot"], ARGUMENT, "it writes to stdout: docker ovs snapshot > FILE"),
    of(&["annotate"], ARGUMENT, "it reads stdin: docker ovs annotate BRIDGE < FILE"),
    of(&["port", "explain", "wait"], ARGUMENT, "--interface NAME is for one interface"),
    of(
        &["flows"],
        ARGUMENT,
        "flows are chosen by container alone: docker ovs flows BRIDGE | grep MATCH for matches",
    ),
    of(&["trace"], ARGUMENT, "--raw FLOW is a packet as ovs-fields(7) writes it"),
];

/// Words for what changes something.
pub(super) const CHANGING: &[Hint] = &[
    verb(
        &["add-port", "attach", "add", "plug", "join"],
        "docker ovs connect BRIDGE CONTAINER gives a container an interface",
    ),
    verb(
        &["set-vlan"],
        "docker ovs connect BRIDGE CONTAINER --vlan TAG makes an interface with an access VLAN",
    ),
    verb(
        &["del-port", "del-ports", "del", "delete", "rm", "remove", "detach", "unplug"],
        "docker ovs disconnect BRIDGE CONTAINER takes an interface from a container",
    ),
    verb(
        &["create", "network", "networks"],
        "docker network create -d ovs makes a network: docker ovs driver --help; ovs-vsctl add-br a bridge",
    ),
    verb(
        &["run", "start", "stop", "restart", "exec"],
        "docker runs containers; docker ovs connect BRIDGE CONTAINER gives one an interface",
    ),
    verb(&["daemon", "agent"], "docker ovs serve is the daemon"),
    of(&["mesh"], &["add", "attach", "connect"], "docker ovs mesh join MESH BRIDGE"),
    of(
        &["mesh"],
        &["remove", "delete", "del", "detach", "disconnect"],
        "docker ovs mesh leave MESH takes this host out, docker ovs mesh rm MESH forgets a mesh",
    ),
    of(&["prune"], ARGUMENT, "--bridge BRIDGE is for one bridge"),
    of(&["connect", "disconnect"], ARGUMENT, "--interface NAME names an interface"),
    of(&["connect"], &["--ipaddress"], "--ip CIDR is an address"),
    of(&["connect"], &["--macaddress"], "--mac MAC is a hardware address"),
];

/// Verbs that change a host: a guess never leads to one.
pub(super) const CHANGES: [&str; 11] = [
    "connect",
    "disconnect",
    "restore",
    "prune",
    "serve",
    "driver",
    "create",
    "join",
    "leave",
    "rm",
    "release",
];
