//! What Open vSwitch and its database say.

use std::hint::black_box;

use ovsdb::{Map, Optional, Set, Uuid};
use unixctl::parse_dpif_show;

/// How much is held of anything here, in bytes.
const HELD: usize = 1 << 20;

/// Reads the answer of `dpif/show` in whichever look.
///
/// # Panics
/// An error tells all of what came.
pub fn dpif_show(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match parse_dpif_show(&text) {
        Ok(bridges) => drop(black_box(bridges)),
        // Told as an error is, which quotes what came.
        Err(error) => assert!(error.to_string().len() < 4096, "{error}"),
    }
}

/// Cuts a stream into messages, however it is chopped; the first byte says how.
///
/// # Panics
/// How it is chopped changes the messages.
pub fn jsonrpc(bytes: &[u8]) {
    let Some((step, stream)) = bytes.split_first() else { return };
    let whole = messages(stream, stream.len().max(1));
    let chopped = messages(stream, usize::from(*step).max(1));
    assert_eq!(whole, chopped, "how a stream is chopped changes its messages");
}

fn messages(stream: &[u8], step: usize) -> Vec<Vec<u8>> {
    let mut framer = jsonrpc::Framer::new();
    let mut taken = Vec::new();
    for piece in stream.chunks(step) {
        framer.push(piece);
        while let Ok(Some(message)) = framer.take() {
            taken.push(message.to_vec());
        }
    }
    taken
}

/// Reads an OpenFlow message.
pub fn openflow(bytes: &[u8]) {
    if let Ok(message) = openflow::Message::parse(bytes) {
        black_box(message);
    }
    black_box(openflow::name_on_wire(&String::from_utf8_lossy(bytes)));
}

/// Reads columns and rows as they stand on the wire.
pub fn ovsdb(bytes: &[u8]) {
    macro_rules! read {
        ($($kind:ty),* $(,)?) => {$(
            drop(black_box(bounded::from_slice::<$kind>(bytes, HELD)));
        )*};
    }
    read!(
        Set<String>,
        Set<Uuid>,
        Set<i64>,
        Optional<u16>,
        Optional<String>,
        Map<String, String>,
        Uuid,
        ovsdb::Opaque,
        ovsdb::Schema,
    );
    if let Ok(tables) = bounded::from_slice::<ovsdb::Tables>(bytes, HELD) {
        for table in ["Interface", "Port", "Bridge"] {
            drop(black_box(tables.rows::<Map<String, String>>(table)));
        }
    }
}
