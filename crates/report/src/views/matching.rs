//! Who has what was asked for.

use super::cells::{dash, name_number, number, some};
use crate::format::{Column, View};
use crate::v1::{Match, MatchedBy};

const NAME: Column<Match> = ("WHO", |row| row.who.clone());
const BRIDGE: Column<Match> = ("BRIDGE", |row| dash(row.bridge.as_ref()));
const OFPORT: Column<Match> = ("OFPORT", |row| dash(row.ofport.map(name_number).as_ref()));
const MAC: Column<Match> = ("MAC", |row| dash(row.mac.as_ref()));
const ADDRESSES: Column<Match> = ("ADDRESSES", |row| some(row.addresses.join(",")));
const HOST: Column<Match> = ("HOST INTERFACE", |row| dash(row.host_interface.as_ref()));
const BY: Column<Match> = ("MATCHED BY", matched_by);
const BARE_BRIDGE: Column<Match> = ("", |row| row.bridge.clone().unwrap_or_default());
const BARE_OFPORT: Column<Match> = ("", |row| number(row.ofport));
const BARE_MAC: Column<Match> = ("", |row| row.mac.clone().unwrap_or_default());

/// Who has what was asked for.
pub const WHO: View<Match> = View {
    table: &[NAME, BRIDGE, OFPORT, MAC, ADDRESSES, HOST, BY],
    csv: &[NAME, BARE_BRIDGE, BARE_OFPORT, BARE_MAC],
};

fn matched_by(row: &Match) -> String {
    match row.matched_by {
        MatchedBy::OfPort => "OpenFlow port".to_owned(),
        MatchedBy::Mac => "MAC".to_owned(),
        MatchedBy::Address | MatchedBy::Name | MatchedBy::Ifindex => row.matched_by.to_string(),
    }
}
