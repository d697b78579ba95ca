//! `docker network create -d ovs --ipam-driver ovs` on a real dockerd: addresses that the driver hands out.

use lab::{Bridge, Container, Network, Plugin, ping, run, try_run};
use rustix::process::Signal;

use crate::driver::driver;
use crate::tool::command;

/// A network whose addresses are the driver's to give.
fn network(driver: &Plugin, bridge: &Bridge, words: &[&str]) -> Network {
    let fixed = ["--ipam-driver", driver.name()];
    Network::create(driver.name(), bridge.name(), &[&fixed[..], words].concat())
}

fn on(network: &Network, words: &[&str]) -> Container {
    Container::run_with(&[&["--network", network.name()][..], words].concat())
}

fn address(container: &Container) -> String {
    container.on_network("IPAddress")
}

/// Whether Docker has an address kept for the gateway of a network that has none.
fn keeps_a_gateway() -> bool {
    !lab::docker_is_at_least((28, 0))
}

/// The keys of the switch's own row that are about addresses which begin so, without their pool.
fn in_use(beginning: &str) -> Vec<String> {
    let row = run("ovs-vsctl", &["--no-wait", "get", "Open_vSwitch", ".", "external_ids"]);
    let words = row.split(['{', ' ', '=', '"']);
    let keys = words.filter_map(|word| word.strip_prefix("docker-ovs.address.")?.split_once('.'));
    let mut all: Vec<_> = keys.map(|(_, ip)| ip.to_owned()).collect();
    all.retain(|ip| ip.starts_with(beginning));
    all.sort();
    all
}

/// The id of the pool with this subnet.
fn pool(subnet: &str) -> Option<String> {
    let row = run("ovs-vsctl", &["--no-wait", "get", "Open_vSwitch", ".", "external_ids"]);
    let mut pairs = row.split(", docker-ovs.").map(|pair| pair.trim_start_matches('{'));
    let pair = pairs.find(|pair| pair.contains("pool.") && pair.contains(subnet))?;
    let (id, _) = pair.split_once("pool.")?.1.split_once('=')?;
    Some(id.trim_matches('"').to_owned())
}

#[test]
fn containers_get_addresses_in_turn_and_the_one_they_ask_for() {
    lab::need!(Docker);
    let (driver, bridge) = (driver(), Bridge::new());
    let words =
        ["--subnet", "10.97.20.0/24", "--gateway", "10.97.20.254", "--aux-address", "a=10.97.20.2"];
    let network = network(&driver, &bridge, &words);
    let (one, two) = (on(&network, &[]), on(&network, &[]));
    assert_eq!([address(&one), address(&two)], ["10.97.20.1", "10.97.20.3"]);
    lab::wait_until("ping", || ping(&one, "10.97.20.3"));
    one.restart();
    assert_eq!(address(&one), "10.97.20.4", "not the same again soon");
    let fixed = on(&network, &["--ip", "10.97.20.77"]);
    assert_eq!(address(&fixed), "10.97.20.77");
    lab::wait_until("ping", || ping(&one, "10.97.20.77"));
    fixed.restart();
    assert_eq!(address(&fixed), "10.97.20.77");
    for taken in ["10.97.20.77", "10.97.20.254", "10.97.20.2"] {
        let words =
            ["run", "--rm", "--network", network.name(), "--ip", taken, lab::IMAGE, "sleep", "0"];
        let refused = try_run("docker", &words).unwrap_err();
        assert!(refused.contains(&format!("the address {taken} is in use by")), "{refused}");
        assert!(refused.contains("10.97.20.0/24: "), "{refused}");
    }
    let refused = try_run(
        "docker",
        &[
            "network",
            "create",
            "-d",
            driver.name(),
            "--ipam-driver",
            driver.name(),
            "-o",
            "bridge=x",
            "--subnet",
            "10.97.20.0/25",
            "x",
        ],
    );
    assert!(refused.unwrap_err().contains("overlaps 10.97.20.0/24"));
    let told =
        run("docker", &["network", "inspect", "--format", "{{.IPAM.Driver}}", network.name()]);
    assert_eq!(told, driver.name());
    drop((one, two, fixed));
    assert_eq!(in_use("10.97.20."), ["10.97.20.2", "10.97.20.254"]);
    network.remove();
    assert_eq!(in_use("10.97.20."), [""; 0]);
    assert_eq!(pool("10.97.20.0/24"), None);
}

#[test]
fn a_network_may_have_addresses_of_both_families_or_a_range_that_is_chosen() {
    lab::need!(Docker);
    let (driver, bridge) = (driver(), Bridge::new());
    let words = [
        "--subnet",
        "10.97.21.0/24",
        "--ip-range",
        "10.97.21.128/25",
        "--ipv6",
        "--subnet",
        "2001:db8:97:21::/64",
    ];
    let both = network(&driver, &bridge, &words);
    let one = on(&both, &["--ip6", "2001:db8:97:21::77"]);
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}";
    let told = run("docker", &["inspect", "--format", format, one.id()]);
    // Before Docker 28 the first one of the range is kept for a gateway.
    let first = if keeps_a_gateway() { "10.97.21.129" } else { "10.97.21.128" };
    assert_eq!(told, format!("{first} 2001:db8:97:21::77"));
    let chosen = network(&driver, &bridge, &["-o", "vlan=9"]);
    let (two, three) = (on(&chosen, &[]), on(&chosen, &[]));
    assert!(address(&two).starts_with("10.90."), "{}", address(&two));
    lab::wait_until("ping", || ping(&two, &address(&three)));
}

/// What a killed dockerd had asked for is given back, what is in use is not, and nothing is had twice.
#[test]
fn what_a_killed_dockerd_had_asked_for_is_given_back_and_nothing_else() {
    lab::alone!(Docker);
    let (mut driver, bridge) = (driver(), Bridge::new());
    let network = network(&driver, &bridge, &["--subnet", "10.97.22.0/24"]);
    let (one, fixed) = (on(&network, &[]), on(&network, &["--ip", "10.97.22.77"]));
    let id = pool("10.97.22.0/24").unwrap();
    let lost = driver.call(
        "IpamDriver.RequestAddress",
        &format!(r#"{{"PoolID":"{id}","Address":"10.97.22.88"}}"#),
    );
    assert!(lost.body.contains("10.97.22.88/24"), "{lost:?}");
    let lost =
        driver.call("IpamDriver.RequestPool", r#"{"AddressSpace":"","Pool":"10.97.23.0/24"}"#);
    assert!(lost.body.contains("PoolID"), "{lost:?}");
    driver.end(Signal::KILL);
    driver.start_again(|words| command("docker-ovs", words));
    let words = [
        "run",
        "--rm",
        "--network",
        network.name(),
        "--ip",
        "10.97.22.88",
        lab::IMAGE,
        "sleep",
        "0",
    ];
    let refused = try_run("docker", &words).unwrap_err();
    assert!(
        refused.contains("10.97.22.88 is in use by a container that is being started"),
        "{refused}"
    );
    driver.wait_until_swept("the address is free again", || try_run("docker", &words).is_ok());
    driver.wait_until_swept("the pool is gone", || pool("10.97.23.0/24").is_none());
    let mut used = vec![address(&one), "10.97.22.77".to_owned()];
    used.extend(keeps_a_gateway().then(|| "10.97.22.1".to_owned()));
    used.sort();
    assert_eq!(in_use("10.97.22."), used);
    for container in [&one, &fixed] {
        container.restart();
    }
    assert_eq!(address(&fixed), "10.97.22.77");
}

/// A dockerd that is killed, and its containers with it, gives those that it starts again what they ask
/// for: their namespaces are gone, or it says so itself.
#[test]
fn a_killed_dockerd_starts_its_containers_with_their_addresses_again() {
    lab::alone!(Docker);
    let (driver, bridge) = (driver(), Bridge::new());
    let docker = lab::InnerDocker::beside();
    let name = lab::unique("net");
    let option = format!("bridge={}", bridge.name());
    docker.docker(&[
        "network",
        "create",
        "-d",
        driver.name(),
        "--ipam-driver",
        driver.name(),
        "-o",
        &option,
        "--subnet",
        "10.97.24.0/24",
        &name,
    ]);
    let start = |words: &[&str]| {
        let fixed = ["run", "--detach", "--restart", "always", "--network", &name];
        docker.docker(&[&fixed[..], words, &[lab::IMAGE, "sleep", "86400"]].concat())
    };
    let all = [start(&[]), start(&["--ip", "10.97.24.77"]), start(&[])];
    let format = "{{.State.Running}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let told = |id: &String| docker.docker(&["inspect", "--format", format, id]);
    docker.kill();
    lab::wait_until("all run again", || {
        all.iter().all(|id| told(id).starts_with("true 10.97.24."))
    });
    assert_eq!(told(&all[1]), "true 10.97.24.77");
    let mut used: Vec<_> = all.iter().map(|id| told(id).replace("true ", "")).collect();
    used.sort();
    used.dedup();
    assert_eq!(used.len(), 3, "{used:?}");
    let written = in_use("10.97.24.");
    assert!(used.iter().all(|ip| written.contains(ip)), "{used:?} {written:?}");
    for id in &all {
        docker.docker(&["rm", "--force", id]);
    }
    docker.docker(&["network", "rm", &name]);
    assert_eq!(pool("10.97.24.0/24"), None);
}
