//! What this host tells the others.

use std::collections::{BTreeMap, BTreeSet};

use report::v1::Attachment;

use crate::host::{HostRecord, Membership};
use crate::row::{decode, encode, id_of};

/// So many rows of one host are published, and read.
pub(crate) const MAX_ROWS: usize = 10_000;

/// What is to stand in etcd of this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// Its attachments as [`encode`] writes them, by id.
    pub rows: BTreeMap<String, String>,
    /// Its OVS bridges.
    pub bridges: Vec<String>,
    /// The meshes that it is in.
    pub meshes: BTreeMap<String, Membership>,
    /// What could not be seen, and may be there all the same where it is missing in `rows`.
    pub hidden: UnseenRows,
    /// How many attachments are not in `rows`, for they are too many, or too long.
    pub left_out: usize,
}

/// What a look did not see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnseenRows {
    /// Any row may be.
    pub all: bool,
    /// What containers of these engines have.
    pub engines: BTreeSet<String>,
    /// What the containers of these ids have.
    pub containers: BTreeSet<String>,
}

impl UnseenRows {
    /// Whether a row, as [`encode`] wrote it, may be there all the same.
    pub(crate) fn hides(&self, text: &str) -> bool {
        if self.engines.is_empty() && self.containers.is_empty() {
            return self.all;
        }
        let hides = |row: &Attachment| {
            let mut tenants = row.tenants.iter();
            tenants.any(|of| self.engines.contains(&of.engine) || self.containers.contains(&of.id))
        };
        self.all || decode(text.as_bytes()).is_ok_and(|row| hides(&row))
    }
}

impl Local {
    /// What these attachments and bridges come to. Two that would have one id get a number each.
    pub fn new<'a>(rows: impl Iterator<Item = &'a Attachment>, bridges: Vec<String>) -> Self {
        let mut local = Self { bridges, ..Self::default() };
        let mut taken = BTreeSet::new();
        for row in rows {
            let text = encode(row).filter(|_| local.rows.len() < MAX_ROWS);
            let Some(text) = text else {
                local.left_out += 1;
                continue;
            };
            let mut id = id_of(row);
            for more in 2_usize.. {
                if taken.insert(id.clone()) {
                    break;
                }
                id = format!("{}~{more}", id_of(row));
            }
            local.rows.insert(id, text);
        }
        local
    }

    /// The record of the host.
    pub(crate) fn record(&self, machine: &str, version: &str, number: Option<u16>) -> HostRecord {
        let record = HostRecord {
            machine: machine.to_owned(),
            version: version.to_owned(),
            number,
            bridges: self.bridges.clone(),
            meshes: self.meshes.clone(),
            removed: false,
        };
        record.bounded()
    }
}
