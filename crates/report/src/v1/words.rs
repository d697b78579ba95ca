//! The words that v1 fields may have, each said once.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An enum whose variants are words of the JSON.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$about])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word, as the JSON has it.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }
    };
}

words! {
    /// Where an attachment arrives.
    State {
        /// On a port with a real number.
        On = "on",
        /// On a port that vswitchd has not numbered yet.
        Pending = "pending",
        /// On a port that vswitchd could not make.
        Failed = "failed",
        /// On several ports at once, as a bond is on its members'.
        Several = "several",
        /// On no port of any bridge.
        None = "none",
        /// It cannot be known.
        Unknown = "unknown",
        /// The link is gone, its port stayed.
        Orphaned = "orphaned",
    }
}

words! {
    /// How far vswitchd is with a port.
    PortState {
        /// It has a real number.
        On = "on",
        /// It has no number yet.
        Pending = "pending",
        /// vswitchd could not make it.
        Failed = "failed",
    }
}

words! {
    /// What is on a port.
    Occupant {
        /// A link of a container.
        Container = "container",
        /// A link of a network namespace that no known container has.
        Namespace = "namespace",
        /// The bridge itself: its LOCAL port.
        Local = "local",
        /// A link of the host.
        Host = "host",
        /// The other end of a patch.
        Patch = "patch",
        /// A tunnel.
        Tunnel = "tunnel",
        /// Nothing: the link is gone, the row stayed.
        Orphaned = "orphaned",
        /// It cannot be known.
        Unknown = "unknown",
    }
}

words! {
    /// How a link leaves its namespace.
    Wire {
        /// A veth pair.
        Veth = "veth",
        /// An internal port of the switch, moved here.
        Internal = "internal",
        /// A macvlan, ipvlan or vlan over another link, or a bond or team over its members.
        Parent = "parent",
        /// A veth pair into a Linux bridge that has a port on the switch.
        LinuxBridge = "linux-bridge",
        /// A veth into a namespace that was not read, and is not the switch's.
        Elsewhere = "elsewhere",
        /// The link lives in the switch's own namespace.
        Direct = "direct",
        /// The way could not be followed.
        Unresolved = "unresolved",
    }
}

words! {
    /// What a port does with VLAN tags, as Open vSwitch reads its row.
    VlanMode {
        /// It is in one VLAN, and packets bear no tag.
        Access = "access",
        /// A trunk; packets of its native VLAN bear a tag.
        NativeTagged = "native-tagged",
        /// A trunk; packets of its native VLAN bear none.
        NativeUntagged = "native-untagged",
        /// Packets bear the tags of their VLANs.
        Trunk = "trunk",
        /// Packets bear the customers' tags, and go on with a second one.
        Dot1qTunnel = "dot1q-tunnel",
    }
}

words! {
    /// How a source is.
    SourceState {
        /// It answered.
        Fresh = "fresh",
        /// It answered with some of what it has, as where a part of it was recorded.
        Partial = "partial",
        /// It fell silent; its rows are as they were.
        Stale = "stale",
        /// It was not reached.
        Absent = "absent",
    }
}

words! {
    /// Whose processes, namespaces and links a source speaks of.
    SourceWorld {
        /// This machine's.
        Here = "here",
        /// Another machine's, or another PID namespace's.
        Elsewhere = "elsewhere",
        /// That could not be told.
        Unknown = "unknown",
    }
}

words! {
    /// What happened.
    Action {
        /// An attachment is new.
        Appeared = "appeared",
        /// An attachment is different.
        Changed = "changed",
        /// An attachment is no more.
        Vanished = "vanished",
        /// A port lost its link, or one without a link is otherwise than it was told.
        Orphaned = "orphaned",
        /// A port that had lost its link was removed, or has a link again.
        Cleared = "cleared",
    }
}

words! {
    /// What became of a remembered attachment.
    RestoreResult {
        /// It was made again.
        Restored = "restored",
        /// It is where it should be, on a number that stays.
        Present = "present",
        /// It would be made again, or its number be waited for, if that were asked for.
        Missing = "missing",
        /// Its container does not run.
        NotRunning = "not-running",
        /// No engine that was asked has its container.
        NoContainer = "no-container",
        /// It was not touched.
        Skipped = "skipped",
        /// It could not be made.
        Failed = "failed",
    }
}

words! {
    /// What can be pruned.
    PruneKind {
        /// A port of a bridge.
        Port = "port",
        /// A veth that is no port.
        Link = "link",
        /// What a bridge remembers of a port that is gone.
        Memory = "memory",
    }
}

words! {
    /// What a check came to.
    Verdict {
        /// All is well.
        Ok = "ok",
        /// Worth knowing.
        Note = "note",
        /// Something does not work.
        Fail = "fail",
    }
}

words! {
    /// What of a port or interface fitted.
    MatchedBy {
        /// The OpenFlow port.
        OfPort = "ofport",
        /// The hardware address.
        Mac = "mac",
        /// An address.
        Address = "address",
        /// The name of a port or host interface.
        Name = "name",
        /// The index on the host.
        Ifindex = "ifindex",
    }
}

words! {
    /// A field of an attachment that can change.
    Field {
        /// Names or ids of the containers that have it.
        Container = "Container",
        /// Its name inside.
        Interface = "Interface",
        /// Its hardware address.
        Mac = "MAC",
        /// Its addresses.
        Addresses = "Addresses",
        /// Whether it is on a port, and how sure that is.
        State = "State",
        /// The bridge.
        Bridge = "Bridge",
        /// The OpenFlow port.
        OfPort = "OFPort",
        /// Access VLAN or trunks.
        Vlan = "VLAN",
        /// Its MTU.
        Mtu = "MTU",
        /// Its interface, datapath id, or what else is known of the port, where nothing of that changed.
        Port = "Port",
        /// The link on the host's side or another part of the way, where nothing of that changed.
        HostInterface = "HostInterface",
        /// What is uncertain about it for long, where nothing else changed.
        Notes = "Notes",
    }
}

words! {
    /// A step from a container to a number.
    StepName {
        /// From the container to its process and network namespace.
        Container = "container",
        /// From the namespace to its links.
        Namespace = "namespace",
        /// From a link to where it leads.
        OtherEnd = "other-end",
        /// From there to a port.
        Port = "port",
        /// From the port to its number.
        Number = "number",
    }
}

words! {
    /// How the daemon is.
    HealthStatus {
        /// Every source is fresh.
        Ok = "ok",
        /// A source is partial, stale or absent.
        Degraded = "degraded",
        /// The first look has not ended yet.
        Starting = "starting",
    }
}

words! {
    /// What happened to a flow.
    FlowEvent {
        /// It was not there before.
        Added = "added",
        /// It has other actions than before.
        Changed = "changed",
        /// It matched packets.
        Matched = "matched",
        /// It is gone.
        Removed = "removed",
    }
}

words! {
    /// What becomes of a packet.
    TraceOutcome {
        /// The destination gets it.
        Delivered = "delivered",
        /// It is sent to all ports, and the destination gets it too.
        Flooded = "flooded",
        /// It leaves by other ports, or so that the destination does not take it.
        Elsewhere = "elsewhere",
        /// It leaves this host by a tunnel.
        Tunnel = "tunnel",
        /// It leaves this host by one of its links.
        Uplink = "uplink",
        /// It is sent to a controller, which decides.
        Controller = "controller",
        /// It leaves by no port.
        Dropped = "dropped",
        /// It cannot be known.
        Unknown = "unknown",
    }
}

words! {
    /// Whether what is told of a host is how it is now.
    Liveness {
        /// It is.
        Live = "live",
        /// It is how it was when it was heard of last.
        Stale = "stale",
    }
}

words! {
    /// What happened in a fleet.
    FleetAction {
        /// An attachment is new.
        Appeared = "appeared",
        /// An attachment is different.
        Changed = "changed",
        /// An attachment is no more.
        Vanished = "vanished",
        /// A host is heard of.
        Live = "live",
        /// A host is not heard of any more; its rows stay as they were.
        Stale = "stale",
    }
}
