//! One attachment as it stands in etcd: its v1 JSON without what is empty, a third as long.

use report::v1::Attachment;
use serde_json::{Map, Value, json};

/// The longest row that is read, in bytes.
pub(crate) const LONGEST: usize = 4 << 10;
/// The longest text in it, in bytes.
const LONGEST_TEXT: usize = 255;
/// The longest list in it: a trunk of many VLANs is a long one.
const LONGEST_LIST: usize = 1024;

/// The VLANs of a trunk as ranges, instead of `Trunks`: only in a row that would be too long otherwise, for a
/// reader of an earlier release knows no ranges, and takes the row as one without them.
const RANGES: &str = "TrunkRanges";
const LAST_VLAN: u16 = 4095;

/// The id of a row among those of its host: whose it is, and what it is called inside.
pub fn id_of(row: &Attachment) -> String {
    let whose = [&row.id, &row.netns].into_iter().find(|text| !text.is_empty());
    let port = row.port.clone().unwrap_or_default();
    let whose = whose.map_or(&*port, |text| text.as_str());
    let id = format!("{}:{}", whose.chars().take(64).collect::<String>(), row.interface);
    id.chars().filter(char::is_ascii_graphic).take(crate::keys::LONGEST_ID).collect()
}

/// The row as it stands in etcd; none where no reader would take it, as one that is too long. Notes, which
/// are sentences, are cut.
pub fn encode(row: &Attachment) -> Option<String> {
    let notes = row.notes.iter().take(LONGEST_LIST).map(|note| shortened(note)).collect();
    let row = Attachment { notes, ..row.clone() };
    let Ok(Value::Object(mut fields)) = serde_json::to_value(&row) else { return None };
    // What follows from the rest.
    if row.tenants.len() == 1 {
        fields.remove("Tenants");
    }
    if row.called == row.container {
        fields.remove("Called");
    }
    fields.retain(|_, value| !is_empty(value));
    let plain = written(&fields);
    let with_ranges = plain.or_else(|| {
        fields.remove("Trunks")?;
        fields.insert(RANGES.to_owned(), Value::from(ranges(&row.trunks)));
        written(&fields)
    });
    with_ranges.or_else(|| {
        fields.remove("Ports")?;
        written(&fields)
    })
}

fn written(fields: &Map<String, Value>) -> Option<String> {
    let text = serde_json::to_string(fields).ok()?;
    // By the reader itself: what is written is what is read.
    decode(text.as_bytes()).is_ok().then_some(text)
}

/// VLANs as ranges of first and last.
fn ranges(vlans: &[u16]) -> Vec<[u16; 2]> {
    let mut ranges: Vec<[u16; 2]> = Vec::new();
    for vlan in vlans {
        match ranges.last_mut() {
            Some([_, last]) if last.checked_add(1) == Some(*vlan) => *last = *vlan,
            _ => ranges.push([*vlan; 2]),
        }
    }
    ranges
}

/// The VLANs of ranges, which are those of a trunk: in order, and none that is no VLAN.
fn of_ranges(ranges: Value) -> Result<Vec<u16>, String> {
    let ranges: Vec<[u16; 2]> =
        serde_json::from_value(ranges).map_err(|error| error.to_string())?;
    let mut vlans: Vec<u16> = Vec::new();
    for [first, last] in ranges {
        let is_behind = vlans.last().is_none_or(|before| *before < first);
        if !is_behind || last < first || last > LAST_VLAN {
            return Err(format!("{first} to {last} are no VLANs of a trunk"));
        }
        vlans.extend(first..=last);
    }
    Ok(vlans)
}

/// As much of a text as a reader takes.
fn shortened(text: &str) -> String {
    const MORE: &str = "…";
    if text.len() <= LONGEST_TEXT {
        return text.to_owned();
    }
    let fits = |(at, c): &(usize, char)| at + c.len_utf8() + MORE.len() <= LONGEST_TEXT;
    let kept = text.char_indices().take_while(fits).map(|(_, c)| c);
    kept.chain(MORE.chars()).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// Reads a row of another host.
///
/// # Errors
/// Why it is of no use.
pub fn decode(text: &[u8]) -> Result<Attachment, String> {
    is_read(text, LONGEST)?;
    let mut fields: Map<String, Value> =
        serde_json::from_slice(text).map_err(|error| error.to_string())?;
    fields.values().try_for_each(bounded)?;
    let ranges = fields.remove(RANGES).map(of_ranges).transpose()?;
    for name in ["Container", "ID", "Engine", "Interface", "Netns"] {
        fields.entry(name).or_insert_with(|| Value::String(String::new()));
    }
    for name in ["Addresses", "Trunks", "CVLANs", "Notes"] {
        fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    }
    let own = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let (container, id, engine) = (own("Container"), own("ID"), own("Engine"));
    let called = fields.entry("Called").or_insert_with(|| container.clone()).clone();
    let alone = json!([{"Container": container, "Called": called, "ID": id, "Engine": engine}]);
    let is_known = id != "";
    let tenants = || if is_known { alone } else { Value::Array(Vec::new()) };
    fields.entry("Tenants").or_insert_with(tenants);
    let row: Result<Attachment, _> = serde_json::from_value(Value::Object(fields));
    let row = row.map_err(|error| error.to_string())?;
    Ok(match ranges {
        Some(trunks) => Attachment { trunks, ..row },
        None => row,
    })
}

/// Whether a value is one that is read; else why not.
pub(crate) fn is_read(value: &[u8], longest: usize) -> Result<(), String> {
    match value.len() {
        0 => Err("nothing, or more than is read of etcd".to_owned()),
        length if length > longest => Err(format!("{length} bytes")),
        _ => Ok(()),
    }
}

fn bounded(value: &Value) -> Result<(), String> {
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => {
            Err(format!("a text of {} bytes", text.len()))
        }
        Value::Array(list) if list.len() > LONGEST_LIST => Err(format!("a list of {}", list.len())),
        Value::Array(list) => list.iter().try_for_each(bounded),
        Value::Object(fields) => fields.values().try_for_each(bounded),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A row with little in it.
    fn row() -> Attachment {
        decode(br#"{"Container":"web","ID":"0123","Engine":"docker","Interface":"eth0","State":"on","Addresses":["192.0.2.7/24"],"OFPort":3,"Bridge":"br0"}"#).unwrap()
    }

    #[test]
    fn a_row_is_read_as_it_is_written() {
        let row = row();
        assert_eq!((row.called.as_str(), row.tenants.len()), ("web", 1));
        let text = encode(&row).unwrap();
        assert!(!text.contains("null") && !text.contains("Tenants"), "{text}");
        assert_eq!(decode(text.as_bytes()).unwrap(), row);
        let other = Attachment { called: "podman:web".into(), ..row.clone() };
        assert_eq!(decode(encode(&other).unwrap().as_bytes()).unwrap().called, "podman:web");
        let namespace = Attachment { id: String::new(), tenants: Vec::new(), ..row };
        assert_eq!(decode(encode(&namespace).unwrap().as_bytes()).unwrap(), namespace);
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let read = |row: &Attachment| decode(encode(row).unwrap().as_bytes()).unwrap();
        // A trunk of a hundred VLANs, an interface of as many addresses.
        let wide = Attachment { trunks: (1..=100).collect(), ..row() };
        assert_eq!(read(&wide), wide);
        let addresses: Vec<_> = (0..100).map(|n| format!("192.0.2.{n}/24")).collect();
        let many = Attachment { addresses, ..row() };
        assert_eq!(read(&many), many);
        // A sentence that tells of an error of another program may be long.
        let noted = Attachment { notes: vec!["é".repeat(300), "short".into()], ..row() };
        let told = read(&noted).notes;
        assert!(told[0].starts_with("éé") && told[0].ends_with('…') && told[1] == "short");
        // A long trunk is told as ranges; a short one as each reader knows it.
        assert!(encode(&wide).unwrap().contains(r#""Trunks":[1,2,3,"#));
        let holes =
            |each: u16| (1..4095).filter(move |vlan| vlan % each != 0).collect::<Vec<u16>>();
        for trunks in [(1..=1100).collect(), (0..4096).collect(), holes(100), holes(20)] {
            let long = Attachment { trunks, ..row() };
            assert!(encode(&long).unwrap().contains(RANGES));
            assert_eq!(read(&long), long);
        }
        // What identifies cannot be cut, and is counted as left out.
        for odd in [
            Attachment { container: "x".repeat(256), ..row() },
            Attachment { trunks: holes(2), ..row() },
        ] {
            assert_eq!(encode(&odd), None);
        }
    }

    #[test]
    fn a_row_of_a_later_version_has_more_and_is_read() {
        assert!(decode(br#"{"State":"none","Later":{"A":1}}"#).is_ok());
    }

    #[test]
    fn ranges_that_are_no_trunk_are_refused() {
        for (ranges, fine) in [
            ("[[1,1],[3,4095]]", true),
            ("[[0,4095]]", true),
            ("[[1,4096]]", false),
            ("[[4095,65535]]", false),
            ("[[2,1]]", false),
            ("[[1,4000],[1,4000]]", false),
            ("[[1,5],[5,6]]", false),
            ("[[1]]", false),
            ("[1,2]", false),
            (r#""1-2""#, false),
        ] {
            let text = format!(r#"{{"State":"on","TrunkRanges":{ranges}}}"#);
            assert_eq!(decode(text.as_bytes()).is_ok(), fine, "{ranges}");
        }
        let both = decode(br#"{"State":"on","Trunks":[9],"TrunkRanges":[[1,3]]}"#).unwrap();
        assert_eq!(both.trunks, [1, 2, 3]);
    }

    #[test]
    fn what_is_no_row_is_refused() {
        let long = format!(r#"{{"State":"on","Container":"{}"}}"#, "x".repeat(256));
        let many = format!(r#"{{"State":"on","Addresses":[{}""]}}"#, r#""","#.repeat(LONGEST_LIST));
        let whole = format!(r#"{{"State":"on","Later":"{}"}}"#, "x".repeat(LONGEST));
        let deep = format!(r#"{{"State":"on","Later":{}}}"#, "[".repeat(4000));
        for bad in ["", "null", "[]", "{}", r#"{"State":"up"}"#, &long, &many, &whole, &deep] {
            assert!(decode(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_is_a_key_whatever_a_container_calls_its_link() {
        let odd = Attachment { interface: "e\u{e9}\n/0".into(), ..row() };
        assert_eq!(id_of(&odd), "0123:e/0");
        let long = Attachment { id: "x".repeat(999), interface: "y".repeat(999), ..row() };
        assert!(id_of(&long).len() <= crate::keys::LONGEST_ID);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_row_or_none(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }
}
