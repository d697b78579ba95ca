//! What `--help` of each verb ends with: examples, columns, exit codes, and which options that say where to look it
//! takes.

use clap::Parser;

use super::Cli;

macro_rules! help {
    ($($line:literal)*) => {
        concat!($($line, "\n",)*)
    };
}

/// The most arguments that a verb must have.
const MOST_ARGUMENTS: usize = 3;

/// Of a verb, with the group that it is in: which of the options that every verb has it takes. It is what refuses them
/// that tells, so that it is no promise of its own.
pub(super) fn where_to_look(verb: &[&str]) -> String {
    let taken = called(verb).map_or_else(String::new, |cli| taken_by(&cli));
    let about = match taken.as_str() {
        "" => "The options that say how long to wait and what is told on stderr:".to_owned(),
        taken => format!("{taken} and the other options that say where to look and how long:"),
    };
    format!("{about}\ndocker ovs --help. They may stand before the verb or after it.")
}

/// A verb with as few words as it takes.
fn called(verb: &[&str]) -> Option<Cli> {
    let line = std::iter::once("docker-ovs").chain(verb.iter().copied());
    // Of the words that completion takes this is one, and any other verb takes it too.
    let with =
        |words| Cli::try_parse_from(line.clone().chain(std::iter::repeat_n("bash", words))).ok();
    (0..=MOST_ARGUMENTS).find_map(with)
}

fn taken_by(cli: &Cli) -> String {
    let verb = cli.verb();
    let all = [
        ("-H, --db", verb.no_source().is_none()),
        ("--from", verb.only_now().is_none()),
        ("--server", verb.no_server().is_none()),
    ];
    let taken = all.into_iter().filter(|(_, is_taken)| *is_taken).map(|(option, _)| option);
    taken.collect::<Vec<_>>().join(", ")
}

/// Of the program docker-ovs-port, which takes no options: what its `--help` says after the usage, and what its
/// manual page has beside the verb `docker ovs port`.
pub const DROP_IN: &str = concat!(
    "The program docker-ovs-port is of its own: docker-ovs-port CONTAINER OVS_BRIDGE. It takes these two\n",
    "words and no options but --help and --version, and prints a line for each Ethernet interface of the\n",
    "container: interface,OpenFlow port,MAC. The number is empty where the interface is not on that\n",
    "bridge, or has none. docker ovs port has the options.\n",
    "\n",
    "It looks itself, and asks no daemon of docker-ovs. It reads DOCKER_HOST, DOCKER_CONTEXT,\n",
    "DOCKER_CONFIG and OVS_RUNDIR, and not DOCKER_OVS_SERVER.\n",
    "\n",
    "Its exit codes: 0 the container was found, also where no interface is on the bridge; 2 error",
);

pub(super) mod mesh;

pub(super) const PORT: &str = help! {
    "Examples:"
    "  docker ovs port web                        every interface of the container"
    "  docker ovs port web br0 -q                 its OpenFlow port of br0, the number only"
    "  docker ovs port web:eth1                   one interface, as tables tell it"
    "  docker ovs port pid:4242 br0               a namespace, by a process in it"
    "  docker ovs port web --format '{{.Interface}} {{.OFPort}} {{.VLAN}}'"
    ""
    "CSV has no header. Its columns are interface, OpenFlow port, MAC and bridge. With BRIDGE they"
    "are the first three, for every interface, as docker-ovs-port prints them: the number is empty"
    "where the interface is not on that bridge."
    ""
    "Exit codes: 0 found; 1 with BRIDGE or -q, when there is no number, also while one is pending;"
    "2 error, with BRIDGE or -q also where that is unknown: an interface could not be followed"
};

pub(super) const LS: &str = help! {
    "Examples:"
    "  docker ovs ls                                   every interface of every container"
    "  docker ovs ls --bridge br0 --filter vlan=20     those on br0 that carry VLAN 20"
    "  docker ovs ls --bridge vlan20                   those on a fake bridge (ovs-vsctl add-br)"
    "  docker ovs ls -a --filter status=orphaned       those whose link is gone"
    "  docker ovs ls -q --filter label=tier=web        ids of containers"
    ""
    "The same filter twice means either, but every label= must fit; two different ones mean both."
    "States: on, pending (no number yet), failed, several (a bond's), none (on no bridge), unknown,"
    "orphaned (only with -a: a port that had a known container). A trunk port for which no VLANs are"
    "listed carries every VLAN, and so passes every vlan=."
    ""
    "CSV has no header. Its columns are container, interface, bridge, OpenFlow port, MAC, VLAN,"
    "addresses, host interface and state; with --fleet host, whether it is heard of, container,"
    "interface, bridge, OpenFlow port, MAC, addresses and state."
    ""
    "Exit codes: 0 listed, be it nothing; 2 error, or without --partial a source, or the interfaces of"
    "a container that runs, could not be read, or more than 64 containers share an interface and some"
    "are not listed, or whether an interface is on that bridge or in that VLAN is unknown, or with"
    "--fleet a host is silent"
};

pub(super) const PORTS: &str = help! {
    "Examples:"
    "  docker ovs ports              every port of every bridge"
    "  docker ovs ports br0          those of br0, in number order"
    "  docker ovs ports br0 --format '{{.OFPort}} {{.Occupant}} {{.Who}}'"
    ""
    "However the switch is asked, datapath ports come from appctl."
    ""
    "CSV has no header. Its columns are bridge, OpenFlow port, datapath port, name, kind, VLAN and"
    "who is on it; with --fleet host, bridge, OpenFlow port, name and who is on it."
    ""
    "Exit codes: 0 listed; 2 error, or ports may be there that were not seen, as with --fleet while a"
    "host is silent: those that were are listed"
};

pub(super) const WHO: &str = help! {
    "Examples:"
    "  docker ovs who br0:3                    OpenFlow port 3 of br0; br0:LOCAL is the bridge"
    "  docker ovs who 02:42:ac:11:00:03        a MAC, also 02-42-ac-11-00-03 or 0242.ac11.0003"
    "  docker ovs who 10.0.0.2 -q              an address; the names of the containers only"
    "  docker ovs who veth1234                 an interface of the host, a port or a bond"
    "  docker ovs who web:eth0                 an interface of a container, as tables tell it"
    ""
    "Of containers that share a namespace all are named: web+log:eth0; with -q a line each."
    ""
    "CSV has no header. Its columns are who, bridge, OpenFlow port, MAC and state; with --fleet the"
    "host comes second."
    ""
    "Exit codes: 0 found; 1 not found, with -q also where no container is there; 2 error, with -q also"
    "where that is unknown, or without --partial nothing was found and something could not be read;"
    "with --fleet that is also so while a host is silent"
};

pub(super) const EXPLAIN: &str = help! {
    "Examples:"
    "  docker ovs explain web                  each step of the answer, and who said it"
    "  docker ovs explain web br0              why web is on br0, or is not"
    ""
    "Exit codes: 0 explained; 1 with BRIDGE, when no interface is on it; 2 error, with BRIDGE also"
    "where that is unknown: an interface could not be followed"
};

pub(super) const GRAPH: &str = help! {
    "Examples:"
    "  docker ovs graph > wiring.svg"
    "  docker ovs graph --format dot | dot -Tpdf > wiring.pdf"
    "  docker ovs graph --bridge br0 --format mermaid"
    ""
    "Exit codes: 0 drawn; 2 error, or with --fleet a host is silent: the others are drawn"
};

pub(super) const DIFF: &str = help! {
    "Examples:"
    "  docker ovs snapshot > yesterday.json              something to compare with"
    "  docker ovs diff yesterday.json                    what is different now"
    "  docker ovs diff yesterday.json today.json --format '{{.Action}} {{.Container}}'"
    "  ssh other docker ovs snapshot | docker ovs diff - --from here.json"
    ""
    "An interface is the same if containers of the same names have it under the same name, across"
    "restarts of containers and of the machine. Actions are those of docker ovs events. What the"
    "later one could not see has not vanished."
    ""
    "CSV has no header. Its columns are time, action, container, interface, bridge and OpenFlow port."
    ""
    "Exit codes: 0 no difference; 1 some; 2 error, or none in what both saw, and one did not see all"
};

pub(super) const ANNOTATE: &str = help! {
    "Examples:"
    "  docker ovs annotate br0 < flows.txt"
    "  ovs-ofctl dump-flows br0 | docker ovs annotate br0 --macs --ips"
    "  ovs-ofctl monitor br0 watch: | docker ovs annotate br0"
    "  ovs-appctl dpctl/dump-flows | docker ovs annotate br0 --replace"
    "  tail -f controller.log | docker ovs annotate br0 --pattern 'in port ([0-9]+)'"
    ""
    "It knows flows, groups, port statistics, packets and monitors of ovs-ofctl, fdb/show,"
    "ofproto/trace and dpctl/dump-flows of ovs-appctl, ovs-vsctl show and tcpdump -e. A port is"
    "known by where it stands; everything else passes as it is. In colours on a terminal."
    ""
    "Exit codes: 0 copied; 2 error"
};

pub(super) const FLOWS: &str = help! {
    "Examples:"
    "  docker ovs flows br0                    every flow, with who is on its ports"
    "  docker ovs flows br0 web                those that web's packets can meet"
    "  docker ovs flows br0 --stale            those whose port is gone, or another's since"
    "  docker ovs flows br0 --watch            what changes, with rates"
    "  docker ovs flows br0 --format json      match and actions taken apart"
    ""
    "Flows come by table, then by priority, hidden ones too. A flow is another's where the record of"
    "the port, or what the bridge remembers of its number, tells that it is younger. CSV has no header. Its columns are bridge,"
    "table, priority, match, packets, bytes, why it is stale, and the flow; with --watch time, what"
    "became of it, packets and bytes a second, and the flow."
    ""
    "Exit codes: 0 listed; 1 with CONTAINER or --stale, when there is none; 2 error"
};

pub(super) const FDB: &str = help! {
    "Examples:"
    "  docker ovs fdb br0                      each address, where it was seen, and whose it is"
    "  docker ovs fdb br0 --misplaced          those that came from elsewhere"
    ""
    "Ages are in seconds, of an entry that never ages the word static. CSV has no header. Its columns"
    "are bridge, OpenFlow port, VLAN, MAC, age, who is on the port, and whose the address is."
    ""
    "Exit codes: 0 listed; 1 an address came from elsewhere than its owner's port; 2 error"
};

pub(super) const TRACE: &str = help! {
    "Examples:"
    "  docker ovs trace web db                 would a ping get there?"
    "  docker ovs trace web db --tcp 5432 --both"
    "  docker ovs trace web:eth1 10.0.0.7 --udp 53 -v"
    "  docker ovs trace br0:3 br0:LOCAL --raw 'arp,arp_op=1'"
    ""
    "Nothing is sent, learnt or counted. The packet is the first of a connection that conntrack does"
    "not know, its answer one of a connection that it knows."
    ""
    "CSV has no header. Its columns are from, to, outcome, verdict and reasons."
    ""
    "Exit codes: 0 delivered; 1 not delivered; 2 it cannot be known, or error"
};

pub(super) const TOP: &str = help! {
    "Examples:"
    "  docker ovs top                             every port of every bridge, the busiest first"
    "  docker ovs top br0 --sort drops"
    "  docker ovs top --batch -n 1 --format json  for scripts"
    ""
    "Keys: q ends it; t, p, d, e, n and o sort by traffic, packets, drops, errors, name and port, r"
    "the other way round; / filters by name; Enter explains the container that is selected. Up, Down,"
    "Home and End select a row; in an explanation these, Page Up and Page Down scroll, and Esc goes back."
    ""
    "RX is what a port received, so what its container sent. Rates are those since the time before,"
    "by OpenFlow port statistics; drops and errors those since the port was made. CSV has no header."
    "Its columns are bridge, OpenFlow port, who, bytes a second received and sent, packets a second"
    "received and sent, drops and errors."
    ""
    "With --batch -n a time without an answer counts too."
    ""
    "Exit codes: 0 ended; 2 error, or the last time had no answer"
};

pub(super) const EVENTS: &str = help! {
    "Examples:"
    "  docker ovs events                                 until SIGINT"
    "  docker ovs events --initial --format json         what is there first, then what changes"
    "  docker ovs events --filter bridge=br0 --format '{{.Action}} {{.Container}} {{.OFPort}}'"
    ""
    "Actions: appeared, changed, vanished, orphaned, cleared. States, for status=: on, pending,"
    "failed, several, none, unknown, orphaned. CSV has no header; its columns are time, action,"
    "container, interface, bridge and OpenFlow port."
    ""
    "With --fleet a host has an action of its own: live or stale. It takes no --initial and no"
    "--filter, and its columns are time, host, action, container, interface, bridge and OpenFlow port."
    ""
    "Exit codes: 0 stopped by SIGINT, SIGTERM or a closed pipe; 2 error"
};

pub(super) const WAIT: &str = help! {
    "Examples:"
    "  docker ovs wait web                     until web has an OpenFlow port, at most 10 seconds"
    "  docker ovs wait web br0 -q -t 60        the number on br0, at most a minute"
    "  docker ovs wait web br0 -t 0            however long it takes"
    ""
    "CSV has no header. Its columns are those of docker ovs port."
    ""
    "Exit codes: 0 it has a number; 2 error, or none in time"
};

pub(super) const SNAPSHOT: &str = help! {
    "Examples:"
    "  docker ovs snapshot > host.json"
    "  docker ovs snapshot --anonymise > for-a-report.json"
    "  docker ovs --from host.json explain web"
    ""
    "Exit codes: 0 saved, with what could not be seen told in it and on stderr; 2 error"
};

pub(super) const HISTORY: &str = help! {
    "Examples:"
    "  docker ovs history web                          what happened to the interfaces of web"
    "  docker ovs history br0:3 --since 1d             who came to port 3 and went"
    "  docker ovs history 10.0.0.2 --since 02:00 --until 02:30"
    "  docker ovs who br0:3 --at 02:10                 who was on port 3 at that time"
    "  docker ovs ls --at '2026-11-26 02:10'           as port, ls, ports, who, explain, graph"
    ""
    "It is what serve has kept in --history-dir: from when on, and where no daemon ran, is told on"
    "stderr. An event tells a state, as those of docker ovs events do."
    ""
    "CSV has no header. Its columns are time, action, container, interface, bridge and OpenFlow port."
    ""
    "Exit codes: 0 found; 1 nothing happened in what is known; 2 error, or there are more events than"
    "are held: the last ones are told"
};

pub(super) const CAPTURE: &str = help! {
    "Examples:"
    "  docker ovs capture host.tar                    to be asked later, or elsewhere, with --from"
    "  docker ovs capture --anonymise report.tar      for a report to strangers"
    "  docker ovs --from host.tar explain web         answers as the host did"
    ""
    "It has what docker ovs snapshot saves, the rows of the switch's database without secrets, and"
    "the flows and MAC tables of its bridges. --anonymise leaves out all but the snapshot."
    "Containers are in it with their labels and without their environment."
    ""
    "Exit codes: 0 saved, with what could not be seen told in it and on stderr; 2 error"
};

pub(super) const SERVE: &str = help! {
    "Examples:"
    "  docker ovs serve                                   the unix socket, and 127.0.0.1:9653"
    "  docker ovs serve --listen none --restore=off       the unix socket only; change nothing"
    "  docker ovs serve --log-format json -D              tell more, for a log collector"
    "  docker ovs --server unix:///run/docker-ovs.sock ls"
    "  docker ovs serve --etcd https://192.0.2.1 --etcd-ca ca.pem --etcd-cert me.pem --etcd-key me.key"
    ""
    "Exit codes: 0 stopped by SIGINT or SIGTERM; 2 error"
};

pub(super) const DRIVER: &str = help! {
    "Examples:"
    "  docker ovs driver                                  until it is stopped"
    "  docker network create -d ovs -o bridge=br0 lan"
    "  docker network create -d ovs -o bridge=br0 -o vlan=10 --subnet 10.0.10.0/24 office"
    "  docker run --network name=lan,driver-opt=ofport=10 ..."
    ""
    "Exit codes: 0 stopped by SIGINT or SIGTERM; 2 error"
};

pub(super) const HOSTS: &str = help! {
    "Examples:"
    "  docker ovs hosts                               every host, and since when it is silent"
    "  docker ovs ls --fleet                          the attachments of all of them"
    "  docker ovs who 10.0.0.2 --fleet                on which host, bridge and port that is"
    "  docker ovs hosts --remove old --etcd http://192.0.2.1"
    ""
    "The daemon of this host is asked (docker ovs serve --etcd), or that of --server. CSV has no"
    "header. Its columns are host, live or stale, since when, number and address."
    ""
    "Exit codes: 0 listed; 2 error, or etcd is away, so that what is listed is old"
};

pub(super) const DOCTOR: &str = help! {
    "Examples:"
    "  docker ovs doctor"
    "  docker ovs doctor --format '{{.Check}} {{.Verdict}}'"
    ""
    "CSV has no header. Its columns are check, verdict, target, detail and what to do."
    ""
    "Exit codes: 0 all is well; 1 something is missing; 2 error"
};

pub(super) const CONNECT: &str = help! {
    "Examples:"
    "  docker ovs connect br0 web --ip 10.0.0.2/24 --gateway 10.0.0.1"
    "  docker ovs connect br0 web --vlan 10                  an access port of VLAN 10"
    "  docker ovs connect br0 web --trunk 10-20,30           a trunk port of twelve VLANs"
    "  docker ovs connect br0 web --vlan 10 --trunk 20-30    the same with a native VLAN"
    "  docker ovs connect br0 web --ofport 7 --dry-run       the steps, and nothing done"
    ""
    "With --vlan and --trunk the first is the native VLAN of a trunk, without a header:"
    "--vlan-mode native-tagged has it with one (ovs-vswitchd.conf.db(5), Port vlan_mode)."
    ""
    "CSV has no header. Its columns are those of docker ovs port."
    ""
    "Exit codes: 0 connected; 1 connected, but on another OpenFlow port than asked for, or stdout"
    "cannot be written; 2 error, and nothing is left of it"
};

pub(super) const DISCONNECT: &str = help! {
    "Examples:"
    "  docker ovs disconnect br0 web"
    "  docker ovs disconnect br0 web --interface eth1 --dry-run"
    ""
    "Exit codes: 0 removed; 1 removed, and stdout cannot be written; 2 error"
};

pub(super) const RESTORE: &str = help! {
    "Examples:"
    "  docker ovs restore web                  the interfaces that a restart of web took away"
    "  docker ovs restore --all --dry-run      what is missing anywhere"
    ""
    "CSV has no header. Its columns are container, interface, bridge, OpenFlow port and result."
    ""
    "Exit codes: 0 all is there; 1 something is still missing, or nothing is remembered; 2 error"
};

pub(super) const PRUNE: &str = help! {
    "Examples:"
    "  docker ovs prune --dry-run                          what would be removed"
    "  docker ovs prune --bridge br0 --force"
    "  docker ovs prune --all --dry-run                    of all makers"
    "  docker ovs prune --filter until=24h                 older than a day: what bears a time"
    ""
    "CSV has no header. Its columns are bridge, port or link, OpenFlow port and last tenant."
    ""
    "What may be alive is left alone and named: a port whose link cannot be seen, or whose"
    "container may be another engine's."
    ""
    "Exit codes: 0 removed, be it nothing; 1 something could not be removed, or is left alone as"
    "it may be alive; 2 error"
};

pub(super) const VERSION: &str = help! {
    "Examples:"
    "  docker ovs version --format '{{.Version}} {{.Commit}} {{.Date}}'"
    ""
    "CSV has no header. Its columns are version, commit and date."
    ""
    "Exit codes: 0 told; 2 error"
};

pub(super) const COMPLETION: &str = help! {
    "Examples:"
    "  docker ovs completion bash > /etc/bash_completion.d/docker-ovs"
    "  docker ovs completion zsh > \"${fpath[1]}/_docker-ovs\""
    "  docker ovs completion fish > ~/.config/fish/completions/docker-ovs.fish"
    ""
    "Behind docker, Docker's own completion asks docker-ovs, with names of containers and bridges."
    ""
    "Exit codes: 0 written; 2 error"
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::filter::{Filter, FilterFields, Filters, Labels};

    use super::{LS, where_to_look};

    #[test]
    fn of_the_options_that_say_where_to_look_those_are_told_that_a_verb_takes() {
        for (verb, told) in [
            (&["port"][..], "-H, --db, --from, --server and "),
            (&["flows"], "-H, --db, --from and "),
            (&["connect"], "-H, --db, --from and "),
            (&["trace"], "-H, --db and "),
            (&["driver"], "-H, --db and "),
            (&["history"], "--from and "),
            (&["hosts"], "--server and "),
            (&["mesh", "join"], "-H, --db and "),
            (&["mesh", "check"], "-H, --db, --server and "),
            (&["mesh", "create"], "The options that say how long "),
            (&["version"], "The options that say how long "),
            (&["completion"], "The options that say how long "),
        ] {
            let said = where_to_look(verb);
            assert!(said.starts_with(told), "{verb:?}: {said}");
        }
    }

    #[test]
    fn what_is_told_of_filters_that_are_repeated_is_what_they_do() {
        let labels = BTreeMap::from([("a".into(), "1".into())]);
        let passes = |words: &[&str]| {
            let filters: Vec<Filter> = words.iter().map(|word| word.parse().unwrap()).collect();
            let web = FilterFields {
                name: "web",
                engine: None,
                id: "",
                interface: None,
                bridge: None,
                fake_bridge: None,
                vlans: None,
                status: "",
                labels: Labels::Known(&labels),
            };
            Filters(&filters).agree(&web)
        };
        assert!(passes(&["container=web", "container=db"]));
        assert!(passes(&["label=a", "label=a=1"]) && !passes(&["label=a", "label=b"]));
        let document = |name: &str| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/");
            std::fs::read_to_string(folder.to_owned() + name).unwrap()
        };
        assert!(LS.contains("twice means either, but every label= must fit"));
        assert!(document("serve.md").contains("means\neither, but every `label=` must fit"));
        assert!(document("openapi.json").contains("may be repeated, which means all of them"));
    }
}
