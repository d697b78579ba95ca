//! The two datapaths of Open vSwitch, and which of them bridges can have here.

/// Which part of the system forwards a bridge's packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datapath {
    /// The kernel's module `openvswitch`: `datapath_type=system`.
    Kernel,
    /// vswitchd itself: `datapath_type=netdev`.
    Userspace,
}

impl Datapath {
    /// That of the lab's bridges: the kernel's where its module is, as `scripts/datapath` has it for
    /// the demo. Without the module no other than userspace is there.
    pub fn of_the_lab() -> Self {
        if std::path::Path::new("/sys/module/openvswitch").exists() {
            Self::Kernel
        } else {
            Self::Userspace
        }
    }

    /// All that bridges can have here.
    pub fn here() -> Vec<Self> {
        match Self::of_the_lab() {
            Self::Kernel => vec![Self::Kernel, Self::Userspace],
            Self::Userspace => vec![Self::Userspace],
        }
    }

    /// The word in the database: `datapath_type` (ovs-vswitchd.conf.db(5)).
    pub fn kind(self) -> &'static str {
        match self {
            Self::Kernel => "system",
            Self::Userspace => "netdev",
        }
    }
}
