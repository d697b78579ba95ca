//! A container that is started anew while its flows are followed.

use docker_ovs_traffic::{FlowParts, FlowSubject, Followed};
use flowtext::Flow;
use model::Look;

use crate::look;

/// The recorded host with webserver's number and MAC replaced.
fn with(number: &str, mac: &str) -> Look {
    let mut host = serde_json::to_value(&look().snapshot).unwrap();
    for source in host["switch"].as_object_mut().unwrap().values_mut() {
        let Some(bridges) = source["rows"].as_array_mut() else { continue };
        for bridge in bridges.iter_mut().filter(|bridge| bridge["name"] == "vlanswitch") {
            let ports = bridge["ports"].as_array_mut().unwrap();
            for port in ports.iter_mut().filter(|port| port["iface"] == "vethp11240eth0") {
                let text =
                    port.to_string().replace("\"assigned\":4", &format!("\"assigned\":{number}"));
                *port = serde_json::from_str(&text).unwrap();
            }
        }
    }
    let text = host.to_string().replace("0a:7f:3e:52:11:c8", mac);
    Look::new(serde_json::from_str::<model::Snapshot>(&text).unwrap())
}

fn webserver(look: &Look) -> Vec<FlowSubject> {
    let attachments = look.wiring.attachments.iter();
    let found = attachments.filter(|found| found.label() == "webserver:eth0");
    found.map(|found| FlowSubject::new(&look.snapshot, found)).collect()
}

fn parts(line: &str) -> FlowParts<'_> {
    Flow::parse(line).unwrap().into()
}

const MAC: &str = "0a:7f:3e:52:11:c8";
const OTHER_MAC: &str = "0a:7f:3e:52:11:c9";
const OF_MAC: &str = "priority=1,in_port=3,dl_dst=0a:7f:3e:52:11:c8,actions=drop";
const OF_OTHER_MAC: &str = "priority=1,in_port=3,dl_dst=0a:7f:3e:52:11:c9,actions=drop";

/// What is removed while it is away, or since the last look, was its own.
#[test]
fn what_it_had_last_counts_until_flows_are_compared() {
    let mut followed = Followed::new(webserver(&look()));
    assert_eq!(
        followed.next(Err("there is no container webserver".to_owned())).unwrap(),
        "there is no container webserver"
    );
    assert!(followed.is_touched_by(&parts(OF_MAC)));
    followed.compared();
    assert!(followed.is_touched_by(&parts(OF_MAC)), "it is what it had last");

    let told = followed.next(Ok(webserver(&with("4", OTHER_MAC)))).unwrap();
    assert!(
        told.starts_with("webserver:eth0 is on port 4 (vethp11240eth0) of vlanswitch, with "),
        "{told}"
    );
    assert!(told.contains(OTHER_MAC) && told.ends_with(" and 172.31.2.80"), "{told}");
    for (line, is, was) in [
        (OF_MAC, false, true),
        (OF_OTHER_MAC, true, true),
        ("in_port=3,actions=output:2", false, false),
    ] {
        assert_eq!(followed.is_touched_by(&parts(line)), is, "{line}");
        assert_eq!(followed.was_touched_by(&parts(line)), was, "{line}");
    }
    // A switch that did not answer meanwhile: flows were not compared with what was between.
    assert!(followed.next(Ok(webserver(&with("4", "0a:7f:3e:52:11:ca")))).is_some());
    assert!(followed.was_touched_by(&parts(OF_MAC)));
    followed.compared();
    assert!(!followed.was_touched_by(&parts(OF_MAC)));
}

#[test]
fn it_is_told_once_where_it_is_and_why_it_is_not_found() {
    let mut followed = Followed::new(webserver(&look()));
    let gone = || Err("there is no container webserver".to_owned());
    let same = || Ok(webserver(&look()));
    let other = || Ok(webserver(&with("4", OTHER_MAC)));
    for (found, is_told) in [
        (same(), false),
        (gone(), true),
        (gone(), false),
        (Err("webserver is on no port of vlanswitch that is known".to_owned()), true),
        (gone(), true),
        (same(), true),
        (same(), false),
        (other(), true),
        (other(), false),
        (same(), true),
    ] {
        let why = format!("{found:?}");
        let told = followed.next(found);
        assert_eq!(told.is_some(), is_told, "{why}: {told:?}");
    }
}

/// By another number, without a moment in which it was not found.
#[test]
fn another_number_is_another_place() {
    let look = with("40", MAC);
    let subjects = webserver(&look);
    let number = subjects.iter().any(|one| format!("{one:?}").contains("OfPort(40)"));
    assert!(number, "the recorded row has its number where it is replaced");
    let mut followed = Followed::new(webserver(&crate::look()));
    let told = followed.next(Ok(subjects)).unwrap();
    assert!(told.contains("is on port 40 ("), "{told}");
    for (line, is, was) in [
        ("priority=1,in_port=40,actions=drop", true, true),
        ("priority=1,in_port=4,actions=drop", false, true),
        ("priority=1,in_port=3,actions=output:4", false, true),
    ] {
        assert_eq!(followed.is_touched_by(&parts(line)), is, "{line}");
        assert_eq!(followed.was_touched_by(&parts(line)), was, "{line}");
    }
    followed.compared();
    assert!(!followed.was_touched_by(&parts("priority=1,in_port=4,actions=drop")));
}
