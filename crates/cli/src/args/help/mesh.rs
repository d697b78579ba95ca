//! The same of `mesh` and what stands below it.

pub(in crate::args) const MESH: &str = help! {
    "Examples:"
    "  docker ovs mesh create blue --etcd http://192.0.2.1    once"
    "  docker ovs mesh join blue br0 --local-ip 192.0.2.11    on each host"
    "  docker ovs mesh ls"
    "  docker ovs mesh check                                  this host's tunnels, by BFD"
    "  docker ovs mesh leave blue"
    "  docker ovs mesh rm blue --etcd http://192.0.2.1"
    "  docker ovs mesh blocks blue --etcd http://192.0.2.1    which host has which addresses"
    "  docker ovs mesh release blue h3 --etcd http://192.0.2.1   h3 is no more"
    ""
    "join and leave write to the row of the bridge, and need no etcd; the daemon makes the tunnels. The"
    "tunnel to the host with number N is OpenFlow port 64000 + N on every other one."
    ""
    "Exit codes: 0 done; 1 check: a tunnel does not carry, release: the host has no block; 2 error,"
    "ls and check: also where etcd is away"
};

pub(in crate::args) const CREATE: &str = help! {
    "Examples:"
    "  docker ovs mesh create blue --etcd http://192.0.2.1"
    "  docker ovs mesh create blue --type vxlan --port 4790 --etcd http://192.0.2.1"
    ""
    "Exit codes: 0 made; 2 error"
};

pub(in crate::args) const JOIN: &str = help! {
    "Examples:"
    "  docker ovs mesh join blue br0                          tunnels lead to the default route's address"
    "  docker ovs mesh join blue br0 --local-ip 192.0.2.11"
    ""
    "It writes to the row of the bridge, and needs no etcd; the daemon makes the tunnels."
    ""
    "Exit codes: 0 joined; 2 error"
};

pub(in crate::args) const LEAVE: &str = help! {
    "Examples:"
    "  docker ovs mesh leave blue"
    ""
    "It writes to the row of the bridge, and needs no etcd; the daemon removes the tunnels."
    ""
    "Exit codes: 0 left; 2 error"
};

pub(in crate::args) const LS: &str = help! {
    "Examples:"
    "  docker ovs mesh ls"
    "  docker ovs mesh ls blue --format json"
    ""
    "CSV has no header. Its columns are mesh, type, key, MTU and hosts."
    ""
    "Exit codes: 0 listed; 2 error, or etcd is away, so that what is listed is old"
};

pub(in crate::args) const RM: &str = help! {
    "Examples:"
    "  docker ovs mesh rm blue --etcd http://192.0.2.1"
    ""
    "Exit codes: 0 forgotten; 2 error, also where it has members"
};

pub(in crate::args) const CHECK: &str = help! {
    "Examples:"
    "  docker ovs mesh check                          this host's tunnels, by BFD"
    "  docker ovs mesh check blue --format '{{.Check}} {{.Verdict}}'"
    ""
    "CSV has no header. Its columns are those of docker ovs doctor."
    ""
    "Exit codes: 0 all carry; 1 one does not; 2 error, or etcd is away, so that what was checked is old"
};

pub(in crate::args) const BLOCKS: &str = help! {
    "Examples:"
    "  docker ovs mesh blocks blue --etcd http://192.0.2.1"
    ""
    "CSV has no header. Its columns are those of the table."
    ""
    "Exit codes: 0 listed; 2 error"
};

pub(in crate::args) const RELEASE: &str = help! {
    "Examples:"
    "  docker ovs mesh release blue h3 --etcd http://192.0.2.1    h3 is no more"
    ""
    "Exit codes: 0 released; 1 the host has no block; 2 error, also where the machine may be alive"
};
