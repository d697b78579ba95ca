//! What vswitchd is asked about flows, and counters of a bridge's ports.

use std::sync::Arc;

use host::{PortRoom, SwitchCommand, port_room};
use model::SourceErrorKind;
use model::ids::OfPort;

use crate::fake_switch::FakeSwitch;
use crate::rows::host;

#[tokio::test]
async fn a_command_is_asked_with_its_words() {
    let (host, folder) = host(Vec::new());
    let _switch = FakeSwitch::listen(folder.path(), "br0", &[], "");
    for (command, words) in [
        (SwitchCommand::Flows("br0"), "bridge/dump-flows br0"),
        (SwitchCommand::Fdb("br0"), "fdb/show br0"),
        (SwitchCommand::FdbStatistics("br0"), "fdb/stats-show br0"),
        (
            SwitchCommand::Trace {
                bridge: "br0",
                packet: "in_port=1",
                ct_states: &["trk,new", "trk,est"],
                names: false,
            },
            "ofproto/trace --ct-next trk,new --ct-next trk,est br0 in_port=1",
        ),
        (
            SwitchCommand::Trace {
                bridge: "br0",
                packet: "in_port=1",
                ct_states: &["trk,new"],
                names: true,
            },
            "ofproto/trace --ct-next trk,new --names br0 in_port=1",
        ),
    ] {
        assert_eq!(host.ask_vswitchd(command).await.unwrap(), words);
    }
}

#[tokio::test]
async fn what_vswitchd_refuses_is_told_in_its_words() {
    let (host, folder) = host(Vec::new());
    let gone = host.ask_vswitchd(SwitchCommand::Flows("br0")).await.unwrap_err();
    assert_eq!(gone.kind, SourceErrorKind::Unreachable);
    let _switch = FakeSwitch::listen(folder.path(), "br0", &[], "");
    let refused = host.ask_vswitchd(SwitchCommand::Flows("br7")).await.unwrap_err();
    assert_eq!(refused.kind, SourceErrorKind::Unusable);
    assert!(refused.to_string().contains("unknown bridge br7"), "{refused}");
}

#[tokio::test]
async fn counters_are_those_of_the_bridge_itself() {
    let (host, folder) = host(Vec::new());
    let _switch = FakeSwitch::listen(folder.path(), "br0", &[3, 0xfffe], "");
    let counters = host.port_counters("br0", &port_room()).await.unwrap();
    assert_eq!(counters.keys().copied().collect::<Vec<_>>(), [OfPort(3), OfPort::LOCAL]);
    let port = counters[&OfPort(3)];
    assert_eq!((port.rx_packets, port.tx_bytes, port.rx_errors), (Some(3), Some(3), None));
    let gone = host.port_counters("br7", &port_room()).await.unwrap_err();
    assert_eq!(gone.kind, SourceErrorKind::Unreachable);
    // Two bridges that are asked together have room for three ports.
    let room = Arc::new(PortRoom::of(3));
    host.port_counters("br0", &room).await.unwrap();
    let full = host.port_counters("br0", &room).await.unwrap_err();
    assert!(full.to_string().contains("more than 3 ports"), "{full}");
}
