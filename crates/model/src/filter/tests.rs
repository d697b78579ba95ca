use super::*;

fn pass(filters: &[&str], fields: &FilterFields<'_>) -> bool {
    let filters: Vec<Filter> = filters.iter().map(|text| text.parse().unwrap()).collect();
    Filters(&filters).agree(fields)
}

fn access(tag: u16) -> Vlans {
    crate::switch::Port { tag: Some(tag), ..Default::default() }.vlans()
}

#[test]
fn the_same_key_means_either_and_two_keys_mean_both() {
    let labels = BTreeMap::from([("tier".to_owned(), "web".to_owned())]);
    let fields = FilterFields {
        name: "web",
        engine: Some("podman@1000"),
        id: "ab12cd",
        interface: Some("eth0"),
        bridge: Some("br0"),
        fake_bridge: Some("v10"),
        vlans: Some(access(10)),
        status: "on",
        labels: Labels::Known(&labels),
    };
    assert!(pass(&[], &fields));
    assert!(pass(&["container=db", "container=web"], &fields));
    assert!(pass(&["container=ab12", "vlan=10", "bridge=br0", "status=on"], &fields));
    assert!(!pass(&["container=web", "bridge=br1"], &fields));
    assert!(pass(&["bridge=v10", "vlan=10"], &fields) && !pass(&["vlan=20"], &fields));
    assert!(pass(&["label=tier", "label=tier=web"], &fields));
    assert!(!pass(&["label=tier", "label=tier=db"], &fields));
}

#[test]
fn a_container_is_meant_by_name_by_engine_and_by_four_digits_of_its_id() {
    let id = "beef12ab34cd56";
    let of = |name, engine| FilterFields::new(name, engine, id, Labels::NoContainer);
    let web = of("web", Some("podman@1000"));
    for value in ["web", "/web", "podman:web", "podman@1000:web", "beef", "podman:beef1", id] {
        assert!(pass(&[&format!("container={value}")], &web), "{value}");
    }
    for value in ["bee", "we", "docker:web", "podman@1:web", "podman:", "eef1", ":web"] {
        assert!(!pass(&[&format!("container={value}")], &web), "{value}");
    }
    // As a word may be both, a name comes before the beginning of an id.
    let asked = ["container=beef".parse().unwrap(), "status=on".parse().unwrap()];
    let among = |names: &[&'static str]| {
        Filter::among(&asked[..1], names.iter().map(|name| ("docker", *name)))
    };
    let (named, free) = (among(&["web", "beef"]), among(&["web", "beef1"]));
    assert!(!Filters(&named).agree(&web) && Filters(&free).agree(&web));
    assert!(Filters(&named).agree(&of("beef", None)));
    assert_eq!(Filter::among(&asked, [("docker", "on")].into_iter())[1], asked[1]);
}

/// As `docker ovs port` has it: among the containers of the engine that is named.
#[test]
fn behind_an_engine_a_name_comes_before_the_beginning_of_an_id_as_well() {
    let web = FilterFields::new("web", Some("podman@1000"), "beef12ab34cd56", Labels::NoContainer);
    let passes = |value: &str, of: (&'static str, &'static str)| {
        let asked = [format!("container={value}").parse().unwrap()];
        Filters(&Filter::among(&asked, [of].into_iter())).agree(&web)
    };
    for value in ["podman:beef", "podman@1000:beef", "podman:/beef"] {
        assert!(!passes(value, ("podman@1000", "beef")), "{value}");
    }
    assert!(!passes("podman:beef", ("podman@1001", "beef")), "it is meant as well");
    assert!(passes("podman@1000:beef", ("podman@1001", "beef")), "it is another engine's");
    assert!(passes("podman:beef", ("docker", "beef")), "it is another engine's");
    assert!(passes("podman:beef", ("podman@1000", "beef1")) && !passes("beef", ("docker", "beef")));
    assert!(passes("podman:web", ("podman@1000", "beef")));
}

/// As tables tell it, and `docker ovs port` takes it.
#[test]
fn an_interface_may_stand_behind_the_container() {
    let at = |interface| FilterFields {
        interface,
        ..FilterFields::new("web", Some("docker"), "beef12ab34cd56", Labels::NoContainer)
    };
    let passes = |value: &str, interface, others: &[(&'static str, &'static str)]| {
        let asked = [format!("container={value}").parse().unwrap()];
        Filters(&Filter::among(&asked, others.iter().copied())).agree(&at(interface))
    };
    for value in ["web:eth0", "docker:web:eth0", "beef:eth0", "web+log:eth0", "/web:eth0"] {
        assert!(passes(value, Some("eth0"), &[]), "{value}");
        assert!(!passes(value, Some("eth1"), &[]), "{value}");
        assert!(passes(value, None, &[]), "{value}: it may be that one");
    }
    assert!(!passes("db:eth0", Some("eth0"), &[]));
    // A name comes before an interface, and so does one behind its engine.
    assert!(!passes("web:eth0", Some("eth0"), &[("podman", "web:eth0")]));
    assert!(!passes("web:eth0", Some("eth0"), &[("web", "eth0")]));
}

#[test]
fn of_what_is_gone_the_words_are_an_id_only_where_they_look_like_one() {
    let row = |words: &str| SwitchPort {
        bridge: "br0".into(),
        datapath_id: None,
        fake_bridge: None,
        port: std::sync::Arc::default(),
        ofports: crate::OfPortBySource::default(),
        occupant: crate::wiring::Occupant::Orphaned {
            last: Some(crate::wiring::LastTenant {
                words: words.to_owned(),
                container: None,
                interface: None,
            }),
        },
        notes: Vec::new(),
    };
    let meant = |words: &str, value: &str| {
        let row = row(words);
        pass(&[&format!("container={value}")], &FilterFields::of_orphaned(&row, |_| None))
    };
    assert!(meant("web-1", "web-1") && !meant("web-1", "web") && !meant("beef-1", "beef"));
    assert!(!meant("deadbeef", "dead"), "a name of digits is a name");
    let id = "0123456789ab";
    assert!(meant(id, "0123") && meant(id, id) && meant(id, "0123456789abcdef"));
    assert!(!meant(id, "012"));
}

#[test]
fn a_value_that_no_interface_can_have_is_refused() {
    let refused = |text: &str| text.parse::<Filter>().unwrap_err().to_string();
    assert_eq!(refused("vlan=abc"), "vlan=abc: vlan is a tag from 0 to 4095");
    assert_eq!(refused("vlan=4096"), "vlan=4096: vlan is a tag from 0 to 4095");
    assert_eq!(
        refused("status=running"),
        "status=running: status is one of on, pending, failed, several, none, unknown, \
         orphaned"
    );
    assert_eq!(refused("bridge="), "bridge=: bridge is not empty");
    assert_eq!("bridge=br0".parse::<Filter>().unwrap().bridge(), Some("br0"));
}

#[test]
fn labels_that_are_not_known_may_be_any() {
    let labels = BTreeMap::from([("tier".to_owned(), "web".to_owned())]);
    let has = |labels: Labels<'_>, wanted: &str| labels.may_have(wanted);
    let known = Labels::Known(&labels);
    assert!(has(known, "tier") && has(known, "tier=web") && !has(known, "tier=db"));
    assert!(has(Labels::of(None), "tier=db") && !has(Labels::NoContainer, "tier"));
}

#[test]
fn an_unknown_key_is_refused() {
    for bad in ["", "bridge", "colour=red", "=x"] {
        assert!(bad.parse::<Filter>().is_err(), "{bad:?}");
    }
}
