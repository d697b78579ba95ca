//! The same, packed: from a file or a stream, and what is made to harm.

use std::io::{Read, Write, repeat};

use docker_ovs_recorded::{parse_any, read_stream};
use flate2::Compression;
use flate2::write::GzEncoder;

const OFCTL: &str = "OFPT_FEATURES_REPLY (xid=0x2): dpid:0000a6b1c2d3e4f5
 1(veth1): addr:9a:69:12:bc:3d:1d
 LOCAL(br0): addr:a6:b1:c2:d3:e4:f5
";

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut head = tar::Header::new_gnu();
        head.set_size(bytes.len().try_into().unwrap());
        head.set_mode(0o644);
        archive.append_data(&mut head, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut packed = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn an_archive_is_what_is_in_it_however_it_is_packed() {
    let plain = parse_any(OFCTL.as_bytes()).unwrap().snapshot;
    let archive = tar(&[("a/show", OFCTL.as_bytes()), ("a/other", b"\0\x01binary")]);
    for packed in [
        gzip(OFCTL.as_bytes()),
        xz(OFCTL.as_bytes()),
        archive.clone(),
        gzip(&archive),
        xz(&archive),
    ] {
        assert_eq!(parse_any(&packed).unwrap().snapshot, plain);
        for cut in [1, packed.len() / 2, packed.len() - 1] {
            // It is read as far as it goes, or refused.
            let _ = parse_any(&packed[..cut]);
        }
    }
}

#[test]
fn what_unpacks_to_more_than_it_may_is_refused_or_passed_over() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::copy(&mut repeat(b'x').take(40 << 20), &mut packed).unwrap();
    let bomb = packed.finish().unwrap();
    let error = read_stream(&*bomb, "it", None).unwrap_err().to_string();
    assert!(error.contains("longer than 32 MiB"), "{error}");
}

#[test]
fn what_wants_gigabytes_to_be_unpacked_is_refused_before_it_has_them() {
    let mut packed = xz(OFCTL.as_bytes());
    // The head of the first block: its length, flags, and LZMA2 with the size of its dictionary.
    let head = &mut packed[12..];
    let length = (usize::from(head[0]) + 1) * 4;
    assert_eq!(head[2..4], [0x21, 1]);
    // 4 GiB less one byte, the most there is.
    head[4] = 40;
    let mut sum = flate2::Crc::new();
    sum.update(&head[..length - 4]);
    head[length - 4..length].copy_from_slice(&sum.sum().to_le_bytes());
    let error = parse_any(&packed).unwrap_err().to_string();
    assert!(error.contains("more than 128 MiB"), "{error}");
}

#[test]
fn an_archive_in_an_archive_is_told_and_not_mixed_with_what_is_beside_it() {
    let other = OFCTL.replace("veth1", "veth7");
    let inner = tar(&[("other/ofctl", other.as_bytes())]);
    for packed in [inner.clone(), gzip(&inner), xz(&inner)] {
        let told = parse_any(&tar(&[("a/ofctl", OFCTL.as_bytes()), ("b.tar", &packed)])).unwrap();
        assert_eq!(told.snapshot, parse_any(OFCTL.as_bytes()).unwrap().snapshot);
        assert_eq!(told.remarks.len(), 1, "{:?}", told.remarks);
        assert!(told.remarks[0].starts_with("b.tar: it is packed itself"), "{:?}", told.remarks);
    }
    let alone = parse_any(&tar(&[("b.tar", &inner)])).unwrap_err().to_string();
    assert!(alone.contains("packed itself"), "{alone}");
}

/// Names lead nowhere: nothing is unpacked, and no link is followed.
#[test]
fn names_and_links_of_an_archive_lead_nowhere() {
    let mut archive = tar::Builder::new(Vec::new());
    for (kind, target) in [(tar::EntryType::Symlink, "/etc/hostname"), (tar::EntryType::Link, "x")]
    {
        let mut head = tar::Header::new_gnu();
        head.set_entry_type(kind);
        head.set_size(0);
        archive.append_link(&mut head, "hostname", target).unwrap();
    }
    for name in ["/etc/absolute", "../../up", "a\nb\u{1b}[31m"] {
        let mut head = tar::Header::new_gnu();
        head.set_size(OFCTL.len().try_into().unwrap());
        let field = &mut head.as_gnu_mut().unwrap().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        head.set_cksum();
        archive.append(&head, OFCTL.as_bytes()).unwrap();
    }
    let told = parse_any(&archive.into_inner().unwrap()).unwrap();
    assert_eq!(told.snapshot.host, "", "a link is not what it leads to");
    assert_eq!(told.snapshot, parse_any(OFCTL.as_bytes()).unwrap().snapshot);
}

/// A folder that was packed with its whole path is no copy of a host's root.
#[test]
fn a_folder_for_what_is_temporary_is_one_like_others() {
    let plain = parse_any(OFCTL.as_bytes()).unwrap().snapshot;
    for name in ["var/tmp/rec/show", "tmp/rec/show", "root/rec/show", "./var/tmp/show"] {
        let told = parse_any(&tar(&[(name, OFCTL.as_bytes())]));
        assert_eq!(told.expect(name).snapshot, plain, "{name}");
    }
    assert!(parse_any(&tar(&[("var/log/show", OFCTL.as_bytes())])).is_err());
}

#[test]
fn no_more_is_remarked_than_can_be_read() {
    let packed = gzip(b"x");
    let names: Vec<_> = (0..500).map(|n| format!("{n}.gz")).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &*packed)).collect();
    files.push(("ofctl", OFCTL.as_bytes()));
    let told = parse_any(&tar(&files)).unwrap();
    assert_eq!(told.remarks.len(), 21);
    assert_eq!(told.remarks[20], "and so of 480 more");
}
