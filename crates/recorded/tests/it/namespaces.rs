//! Which namespace a text of ip(8) is of: as its file's name tells, or as what is in it allows.

use docker_ovs_recorded::Recording;
use model::snapshot::Namespace;
use model::{Look, resolve};

use super::outputs::folder;

const LO: &str = "1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN\n    \
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n";
const SHOW: &str = "d9dec6d5-4c27-4a11-a757-6ebcd982be76\n    Bridge br0\n        Port br0\n            \
    Interface br0\n                type: internal\n        Port veth1\n            Interface veth1\n    \
    ovs_version: \"3.1.0\"\n";
const OFCTL: &str = "OFPT_FEATURES_REPLY (xid=0x2): dpid:0000a6b1c2d3e4f5\n \
    1(veth1): addr:9a:69:12:bc:3d:1d\n LOCAL(br0): addr:a6:b1:c2:d3:e4:f5\n";

/// A link as `ip -d link` prints it, and what stands below it.
fn link(head: &str, mac: &str, more: &str) -> String {
    format!(
        "{head}: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP\n    link/ether {mac} brd \
         ff:ff:ff:ff:ff:ff {more}\n"
    )
}

fn nic() -> String {
    link("2: eth0", "9a:69:12:bc:3d:1e", "")
}

fn host() -> String {
    let bridge = link("3: br0", "a6:b1:c2:d3:e4:f5", "") + "    openvswitch addrgenmode eui64\n";
    let veth = link("7: veth1@if2", "9a:69:12:bc:3d:1d", "link-netnsid 0");
    [LO, &nic(), &bridge, &veth, "    veth addrgenmode eui64\n"].concat()
}

fn inside() -> String {
    let eth0 = link("2: eth0@if7", "02:00:00:00:00:07", "link-netnsid 0");
    [LO, &eth0, "    veth addrgenmode eui64\n    inet 192.0.2.9/24 scope global eth0\n"].concat()
}

fn links(namespace: &Namespace) -> Vec<String> {
    let told = |link: &std::sync::Arc<model::snapshot::Link>| {
        let addresses = link.addresses.iter().map(|address| format!(" {}", address.ip));
        format!("{} {}{}", link.ifindex.0, link.name, addresses.collect::<String>())
    };
    namespace.links.iter().map(told).collect()
}

fn of_host(told: &Recording) -> Vec<String> {
    links(told.snapshot.kernel.rows().first().unwrap())
}

/// Before sos 4.2 the files of all namespaces were in one folder (`sos/plugins/networking.py`).
#[test]
fn a_files_name_tells_the_namespace_in_either_layout_of_sos() {
    let networking = "sosreport-h/sos_commands/networking";
    for (netns, called) in [
        ("blue", "ip_netns_exec_blue_ip_address_show"),
        ("blue", "namespaces/blue/ip_netns_exec_blue_ip_-d_address_show"),
        ("blue", "namespaces/blue/links"),
        ("q_ip_router-1", "ip_netns_exec_q_ip_router-1_ip_-s_-d_link"),
        ("q_ip_router-1", "namespaces/q_ip_router-1/ip_netns_exec_q_ip_router-1_ip_-d_link"),
    ] {
        let told = folder(&[
            ("sosreport-h/sos_commands/openvswitch/ovs-vsctl_-t_5_show", SHOW),
            ("sosreport-h/sos_commands/openvswitch/ovs-ofctl_show_br0", OFCTL),
            (&format!("{networking}/ip_-s_-d_link"), &host()),
            (&format!("{networking}/ip_netns"), &format!("{netns} (id: 0)\n")),
            (&format!("{networking}/{called}"), &inside()),
        ]);
        assert_eq!(of_host(&told), ["1 lo", "2 eth0", "3 br0", "7 veth1"], "{called}");
        assert!(told.snapshot.kernel.is_fresh(), "{called}: {:?}", told.snapshot.kernel);
        let wiring = resolve(&told.snapshot);
        let here = wiring.attachments.iter().find(|row| row.netns_names == [netns]).unwrap();
        assert_eq!(here.port.ofport().map(|port| port.0), Some(1), "{called}: {here:?}");
        assert_eq!(here.link.addresses.len(), 1);
        assert!(told.remarks.is_empty(), "{:?}", told.remarks);
    }
}

/// The second of two texts is of another namespace than the first: it is left out, that is told, and the recording
/// has a part of the links.
fn is_of_another(texts: [&str; 2], host: &[&str], why: &str) {
    let told = folder(&[("a.txt", texts[0]), ("b.txt", texts[1]), ("show", SHOW)]);
    assert_eq!(of_host(&told), host);
    let [remark] = told.remarks.as_slice() else { panic!("{:?}", told.remarks) };
    assert!(remark.starts_with("b.txt: ") && remark.contains("a.txt"), "{remark}");
    assert!(remark.contains(why), "{remark}");
    let part = told.snapshot.kernel.incompleteness().unwrap();
    assert!(part.why.contains("b.txt"), "{part}");
    // In one file, too.
    let together = texts.concat();
    let told = folder(&[("both.txt", &*together), ("show", SHOW)]);
    assert_eq!(of_host(&told), host);
    let [remark] = told.remarks.as_slice() else { panic!("{:?}", told.remarks) };
    assert!(remark.starts_with("both.txt: ") && remark.contains(why), "{remark}");
    assert!(told.snapshot.kernel.incompleteness().is_some());
    let look = Look::new(told.snapshot);
    assert!(look.wiring.attachments.iter().all(|row| row.port.ofport().is_none()));
}

#[test]
fn texts_that_cannot_be_of_one_namespace_are_never_mixed() {
    let own = ["1 lo", "2 eth0", "3 br0", "7 veth1"];
    is_of_another([&host(), &inside()], &own, "its link 2, eth0, has another MAC");
    let other = [LO, &link("2: eth1@if8", "02:00:00:00:00:08", "link-netnsid 0")].concat();
    is_of_another([&host(), &other], &own, "its link 2 is eth1, and not eth0");
    let other = [LO, &link("5: eth0@if9", "02:00:00:00:00:09", "link-netnsid 0")].concat();
    is_of_another([&host(), &other], &own, "its eth0 is link 5, and not 2");
    let other = [LO, &link("9: eth9@if9", "02:00:00:00:00:09", "link-netnsid 0")].concat();
    is_of_another([&host(), &other], &own, "it has none of those links but lo");
    // As those of a container that runs, of which each has an address.
    let addressed = [&*other, "    inet 192.0.2.9/24 scope global eth9\n"].concat();
    is_of_another([&host(), &addressed], &own, "it has none of those links but lo");
    // A host may have one MAC several times, and no container its veth.
    let [one, two] = ["2: eth0@if7", "2: eth0@if9"]
        .map(|head| [LO, &link(head, "02:00:00:00:00:07", "link-netnsid 0")].concat());
    is_of_another([&one, &two], &["1 lo", "2 eth0"], "its link 2, eth0, has another peer");
}

/// One namespace by several commands, between which links may come and go; a bridge has the lowest MAC of its ports.
#[test]
fn texts_of_one_namespace_are_put_together() {
    let gone = link("11: veth9@if2", "02:00:00:00:00:11", "link-netnsid 4");
    let come = link("12: veth10@if2", "02:00:00:00:00:12", "link-netnsid 5");
    let addresses = [&host(), "    inet 198.51.100.7/24 scope global veth1\n", &come].concat();
    let addresses = addresses.replace("a6:b1:c2:d3:e4:f5", "02:00:00:00:00:12");
    let before = [host(), gone].concat();
    let all = ["1 lo", "2 eth0", "3 br0", "7 veth1 198.51.100.7", "11 veth9", "12 veth10"];
    for files in [
        vec![("a", before.clone()), ("b", addresses.clone())],
        vec![("a", before.clone()), ("b", LO.to_owned()), ("c", addresses.clone())],
        vec![("a", before.clone()), ("b", nic()), ("c", addresses.clone())],
        vec![("a", before + &addresses)],
    ] {
        let mut files: Vec<_> = files.iter().map(|(name, text)| (*name, &**text)).collect();
        files.push(("show", SHOW));
        let told = folder(&files);
        assert_eq!(of_host(&told), all);
        assert!(told.remarks.is_empty(), "{:?}", told.remarks);
        assert!(told.snapshot.kernel.is_fresh());
    }
}

/// `ip -4 address` and `ip -6 address` each print the links alone that have such an address.
#[test]
fn texts_of_one_family_each_are_put_together_though_they_share_no_link() {
    let head = |head: &str, address: &str| {
        format!("{head}: <BROADCAST,UP> mtu 1500 qdisc noqueue state UP\n    {address}\n")
    };
    let four = head("1: lo", "inet 127.0.0.1/8 scope host lo")
        + &head("2: eth0", "inet 192.0.2.1/24 scope global eth0");
    let six = head("1: lo", "inet6 ::1/128 scope host")
        + &head("5: veth1@if2", "inet6 fe80::1/64 scope link");
    let told = folder(&[("four.txt", &four), ("six.txt", &six), ("show", SHOW)]);
    assert_eq!(of_host(&told), ["1 lo 127.0.0.1 ::1", "2 eth0 192.0.2.1", "5 veth1 fe80::1"]);
    assert!(told.remarks.is_empty(), "{:?}", told.remarks);
}
