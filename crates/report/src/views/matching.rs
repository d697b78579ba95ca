//! What a number, an address or a name belongs to.

use super::cells::{dash, name_number, number, some, unless_unknown};
use crate::format::{Column, View};
use crate::v1::{Match, MatchedBy};

const NAME: Column<Match> = ("WHO", |row| row.who.clone());
const BRIDGE: Column<Match> = ("BRIDGE", |row| unless_unknown(row.bridge.clone(), row.state));
const OFPORT: Column<Match> = ("OFPORT", |row| match row.bridge {
    Some(_) => row.ofport.map_or_else(|| row.state.to_string(), name_number),
    None => unless_unknown(None, row.state),
});
const MAC: Column<Match> = ("MAC", |row| dash(row.mac.as_ref()));
const ADDRESSES: Column<Match> = ("ADDRESSES", |row| some(row.addresses.join(",")));
const HOST: Column<Match> =
    ("HOST INTERFACE", |row| unless_unknown(row.host_interface.clone(), row.state));
const BY: Column<Match> = ("MATCHED BY", matched_by);
const STATE: Column<Match> = ("", |row| row.state.to_string());
const BARE_BRIDGE: Column<Match> = ("", |row| row.bridge.clone().unwrap_or_default());
const BARE_OFPORT: Column<Match> = ("", |row| number(row.ofport));
const BARE_MAC: Column<Match> = ("", |row| row.mac.clone().unwrap_or_default());

/// What a number, an address or a name belongs to.
pub const WHO: View<Match> = View {
    table: &[NAME, BRIDGE, OFPORT, MAC, ADDRESSES, HOST, BY],
    csv: &[NAME, BARE_BRIDGE, BARE_OFPORT, BARE_MAC, STATE],
};

fn matched_by(row: &Match) -> String {
    match row.matched_by {
        MatchedBy::OfPort => "OpenFlow port".to_owned(),
        MatchedBy::Mac => "MAC".to_owned(),
        MatchedBy::Address | MatchedBy::Name | MatchedBy::Ifindex => row.matched_by.to_string(),
    }
}
