//! The tunnels' fallback devices, which the kernel puts into every namespace once a module is
//! loaded, are no interfaces of a container; tunnels that were made are.

use lab::{Bridge, Container, Home, Netns, Plug, Plugged, try_run};

use crate::machine::setting::Setting;
use crate::tool::{drop_in, lists, says};

const ZEROS: &str = "00:00:00:00:00:00";

/// Loads every module that has them, as far as this kernel has it.
fn load_tunnels() {
    for module in ["ipip", "ip_gre", "sit", "ip_vti", "ip6_tunnel", "ip6_gre", "ip6_vti"] {
        let _ = try_run("modprobe", &[module]);
    }
}

fn interfaces(target: &str) -> String {
    lists(&["port", target, "--format", "{{.Interface}}"])
}

#[test]
fn fallback_devices_are_no_interfaces_of_a_container() {
    lab::alone!(Machine);
    load_tunnels();
    let (bridge, container, bare) = (Bridge::new(), Container::run(), Container::run());
    let plugged = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let there = container.ip(&["-brief", "link"]);
    println!("{there}");
    for name in ["gretap0@NONE", "erspan0@NONE", "gre0@NONE", "tunl0@NONE", "sit0@NONE"] {
        assert!(there.contains(name), "{name}");
    }
    container.ip(&["link", "set", "gretap0", "name", "eth7"]);
    let mac = container.ip(&["-brief", "link", "show", "eth0"]);
    let mac = mac.split_whitespace().nth(2).unwrap();
    let line = format!("eth0,{},{mac}\n", plugged.ofport());
    assert_eq!(drop_in(&[container.name(), bridge.name()]).stdout, line);
    assert_eq!(interfaces(container.name()), "eth0\n");
    assert_eq!(interfaces(bare.name()), "");
    assert_eq!(drop_in(&[bare.name(), bridge.name()]).stdout, "");
    let listed = says(&["ls", "--format", "{{.Container}} {{.Interface}}"]);
    let of =
        |name: &str| listed.lines().filter(|line| line.starts_with(&format!("{name} "))).count();
    assert_eq!((of(container.name()), of(bare.name())), (1, 0), "{listed}");
}

/// What tells a fallback device: no other tunnel can have its address, and nothing is sent by it.
#[test]
fn only_a_fallback_device_has_an_address_of_zeros() {
    lab::alone!(Machine);
    load_tunnels();
    let netns = Netns::new();
    let ip = |words: &[&str]| try_run("ip", &[&["-netns", netns.name()], words].concat());
    for kind in ["gretap", "erspan", "ip6gretap", "ip6erspan"] {
        let ends: &[&str] = match kind {
            "ip6gretap" | "ip6erspan" => &["local", "2001:db8::1", "remote", "2001:db8::2"],
            _ => &["local", "192.0.2.1", "remote", "192.0.2.2"],
        };
        let more: &[&str] = if kind.ends_with("erspan") { &["seq", "key", "7"] } else { &[] };
        let made = |address: &[&str]| {
            let words = [&["link", "add", "made"], address, &["type", kind], ends, more].concat();
            ip(&words)
        };
        let refused = made(&["address", ZEROS]).expect_err(kind);
        assert!(refused.contains("Cannot assign requested address"), "{kind}: {refused}");
        made(&[]).unwrap_or_else(|why| panic!("{kind}: {why}"));
        ip(&["link", "set", "made", "address", ZEROS]).expect_err(kind);
        assert_eq!(interfaces(&format!("netns:{}", netns.name())), "made\n", "{kind}");
        ip(&["link", "del", "made"]).unwrap();
    }
    for name in ["gretap0", "erspan0"] {
        let refused = ip(&["link", "set", name, "up"]).expect_err(name);
        assert!(refused.contains("Cannot assign requested address"), "{name}: {refused}");
    }
}

/// Without fallback devices a tunnel with neither end can be made, and is an interface like others.
#[test]
fn a_tunnel_without_ends_that_was_made_is_an_interface() {
    lab::alone!(Machine);
    load_tunnels();
    let _setting = Setting::no_fallback_tunnels();
    let netns = Netns::new();
    assert!(!netns.ip(&["-brief", "link"]).contains("gretap0"));
    netns.ip(&["link", "add", "gretap0", "type", "gretap"]);
    netns.ip(&["link", "add", "flow0", "type", "gretap", "external"]);
    assert_eq!(interfaces(&format!("netns:{}", netns.name())), "gretap0\nflow0\n");
}
