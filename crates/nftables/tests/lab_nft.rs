//! nft(8) shows a table as it was meant, in a namespace of the test's own.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test panics to fail"
)]

use std::path::Path;

use docker_ovs_nftables::{
    Chain, Error, Hook, Match, Protocol, Rule, Table, Verdict, forward_drops, remove, replace,
};
use netns::Netns;

/// Does something in the namespace.
fn inside<T: Send>(space: &lab::Netns, act: impl Fn() -> T + Sync + Send) -> T {
    let path = format!("/run/netns/{}", space.name());
    let open = Netns::open(Path::new(&path)).unwrap();
    let mut results = netns::visit(&[&open], |_, _| Ok(act()));
    results.pop().unwrap().unwrap()
}

/// What nft lists of the table.
fn listed(space: &lab::Netns, name: &str) -> Option<String> {
    let listing = space.enter().args(["nft", "list", "table", "inet", name]).output().unwrap();
    listing.status.success().then(|| String::from_utf8(listing.stdout).unwrap())
}

fn rule<const N: usize>(matches: [Match; N], verdict: Verdict) -> Rule {
    Rule { matches: matches.into(), verdict }
}

fn source(ip: &str, prefix: u8) -> Match {
    Match::Source { ip: ip.parse().unwrap(), prefix }
}

fn to(link: &str, is: bool) -> Match {
    Match::To { link: link.into(), is }
}

fn translate(ip: &str) -> Verdict {
    Verdict::Translate { ip: ip.parse().unwrap(), port: 80 }
}

fn table(name: &str) -> Table {
    let published = |protocol, port| Match::Port { protocol, port };
    let v6 = "2001:db8::2";
    let prerouting = vec![
        rule([Match::ToThisHost, published(Protocol::Tcp, 8080)], translate("192.0.2.2")),
        rule([Match::FamilyOf(v6.parse().unwrap()), published(Protocol::Udp, 53)], translate(v6)),
    ];
    let loopback = Match::Destination { ip: "127.0.0.0".parse().unwrap(), prefix: 8, is: false };
    let output =
        vec![rule([loopback, Match::ToThisHost, published(Protocol::Sctp, 9)], Verdict::Drop)];
    let postrouting = vec![
        rule([source("192.0.2.0", 25), to("br0", false)], Verdict::Masquerade),
        rule([source("2001:db8::", 49), to("br0", false)], Verdict::Masquerade),
        rule([to("br0", true), Match::Translated], Verdict::Masquerade),
    ];
    let forward = vec![rule([Match::From { link: "br0".into() }], Verdict::Drop)];
    let chain = |hook, rules| Chain { hook, rules };
    Table {
        name: name.into(),
        chains: vec![
            chain(Hook::Prerouting, prerouting),
            chain(Hook::Output, output),
            chain(Hook::Postrouting, postrouting),
            chain(Hook::Forward, forward),
        ],
    }
}

const SHOWN: &str = r#"table inet example {
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local tcp dport 8080 dnat ip to 192.0.2.2:80
		meta nfproto ipv6 udp dport 53 dnat ip6 to [2001:db8::2]:80
	}

	chain output {
		type nat hook output priority -100; policy accept;
		ip daddr != 127.0.0.0/8 fib daddr type local sctp dport 9 drop
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 192.0.2.0/25 oifname != "br0" masquerade
		ip6 saddr 2001:db8::/49 oifname != "br0" masquerade
		oifname "br0" ct status dnat masquerade
	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "br0" drop
	}
}
"#;

#[test]
fn a_table_is_put_in_place_whole_replaced_and_removed() {
    lab::need!(Root);
    let space = lab::Netns::new();
    inside(&space, || remove("example")).unwrap();
    inside(&space, || replace(&table("example"))).unwrap();
    assert_eq!(listed(&space, "example").as_deref(), Some(SHOWN));
    inside(&space, || replace(&table("example"))).unwrap();
    assert_eq!(listed(&space, "example").as_deref(), Some(SHOWN), "nothing is there twice");
    let other = Table { name: "other".into(), chains: Vec::new() };
    inside(&space, || replace(&other)).unwrap();
    inside(&space, || remove("example")).unwrap();
    assert_eq!(listed(&space, "example"), None);
    assert_eq!(listed(&space, "other").as_deref(), Some("table inet other {\n}\n"));
}

/// Addresses are translated in chains for that alone: the kernel refuses the last rule of the batch.
#[test]
fn what_the_kernel_refuses_leaves_the_table_as_it_was() {
    lab::need!(Root);
    let space = lab::Netns::new();
    inside(&space, || replace(&table("example"))).unwrap();
    let mut bad = table("example");
    bad.chains[0].rules.clear();
    bad.chains[3].rules.push(rule([], translate("192.0.2.2")));
    let refused = inside(&space, || replace(&bad)).unwrap_err();
    assert!(matches!(&refused, Error::Refused { table, .. } if table == "example"), "{refused}");
    assert_eq!(listed(&space, "example").as_deref(), Some(SHOWN));
}

#[test]
fn many_rules_go_in_one_batch() {
    lab::need!(Root);
    let space = lab::Netns::new();
    let link = |n: usize| rule([Match::From { link: format!("br{n}") }], Verdict::Drop);
    let rules = (0..500).map(link).collect();
    let table = Table { name: "many".into(), chains: vec![Chain { hook: Hook::Forward, rules }] };
    inside(&space, || replace(&table)).unwrap();
    let listed = listed(&space, "many").unwrap();
    assert_eq!(listed.matches(" drop\n").count(), 500);
}

/// More than a socket sends at once by itself.
#[test]
fn a_thousand_published_ports_go_in_one_batch() {
    lab::need!(Root);
    let space = lab::Netns::new();
    let published = |port| {
        let at = Match::Port { protocol: Protocol::Tcp, port };
        rule([Match::ToThisHost, at], translate("192.0.2.2"))
    };
    let chain = |hook| Chain { hook, rules: (1..=1000).map(published).collect() };
    let chains = vec![chain(Hook::Prerouting), chain(Hook::Output)];
    let table = Table { name: "many".into(), chains };
    inside(&space, || replace(&table)).unwrap();
    inside(&space, || replace(&table)).unwrap();
    let listed = listed(&space, "many").unwrap();
    assert_eq!(listed.matches(" dnat ip to 192.0.2.2:80\n").count(), 2000);
    // The kernel refuses each rule, which is more than a socket has room for.
    let bad = (0..2000).map(|_| rule([], translate("192.0.2.2"))).collect();
    let chains = vec![Chain { hook: Hook::Forward, rules: bad }];
    let bad = Table { name: "bad".into(), chains };
    let refused = inside(&space, || replace(&bad)).unwrap_err();
    assert!(matches!(refused, Error::Refused { .. }), "{refused}");
}

#[test]
fn chains_that_drop_what_is_forwarded_are_found_among_all_others() {
    lab::need!(Root);
    let space = lab::Netns::new();
    let told = || inside(&space, forward_drops).unwrap();
    let nft = |words: &str| {
        let done = space.enter().args(["nft", words]).status().unwrap();
        assert!(done.success(), "{words}");
    };
    assert_eq!(told(), [""; 0]);
    inside(&space, || replace(&table("example"))).unwrap();
    nft("add table ip filter");
    nft("add chain ip filter INPUT { type filter hook input priority 0; policy drop; }");
    nft("add chain ip filter USER");
    nft("add chain ip filter FORWARD { type filter hook forward priority 0; policy accept; }");
    assert_eq!(told(), [""; 0]);
    nft("chain ip filter FORWARD { policy drop; }");
    nft("add table inet wall");
    nft("add chain inet wall passing { type filter hook forward priority 5; policy drop; }");
    let mut found = told();
    found.sort();
    assert_eq!(found, ["inet wall passing", "ip filter FORWARD"]);
}
