//! A vswitchd that the tests are: its control socket, and the OpenFlow 1.0 socket of a bridge.

use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// Ends when it is dropped.
pub(crate) struct FakeSwitch {
    servers: JoinSet<()>,
}

impl FakeSwitch {
    /// `<bridge>.mgmt` with these ports, and `ovs-vswitchd.<PID>.ctl`, in `rundir`; `shown` is the
    /// answer to dpif/show.
    pub(crate) fn listen(
        rundir: &Path,
        bridge: &str,
        ports: &'static [u16],
        shown: &'static str,
    ) -> Self {
        let mut servers = JoinSet::new();
        // The PID file leads to the control socket (ovs-appctl(8)).
        std::fs::write(rundir.join("ovs-vswitchd.pid"), "4711\n").unwrap();
        let control = UnixListener::bind(rundir.join("ovs-vswitchd.4711.ctl")).unwrap();
        servers.spawn(async move {
            while let Ok((stream, _)) = control.accept().await {
                tokio::spawn(answer_control(stream, shown));
            }
        });
        let mut switch = Self { servers };
        switch.add_bridge(rundir, bridge, ports);
        switch
    }

    /// One more bridge, which speaks OpenFlow alone.
    pub(crate) fn add_bridge(&mut self, rundir: &Path, bridge: &str, ports: &'static [u16]) {
        let listener = UnixListener::bind(rundir.join(format!("{bridge}.mgmt"))).unwrap();
        self.servers.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(speak_openflow(stream, ports));
            }
        });
    }
}

async fn answer_control(mut stream: UnixStream, shown: &'static str) {
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await.is_ok_and(|read| read > 0) {
        let Ok(request) = serde_json::from_slice::<Value>(&bytes) else { continue };
        bytes.clear();
        let id = &request["id"];
        let reply = match request["method"].as_str() {
            Some("version") => {
                json!({ "id": id, "result": "ovs-vswitchd (Open vSwitch) 3.1.0\n", "error": null })
            }
            Some("dpif/show") => json!({ "id": id, "result": shown, "error": null }),
            // Those about flows are told what they were asked with; there is one bridge.
            Some(method) if method.contains('/') && !method.starts_with("dpif/") => {
                let words = request["params"].as_array().into_iter().flatten();
                let words: Vec<_> = words.filter_map(Value::as_str).collect();
                if words.contains(&"br7") {
                    json!({ "id": id, "error": "unknown bridge br7" })
                } else {
                    let said = format!("{method} {}", words.join(" "));
                    json!({ "id": id, "result": said, "error": null })
                }
            }
            Some(other) => {
                json!({ "id": id, "error": format!("\"{other}\" is not a valid command") })
            }
            None => return,
        };
        if stream.write_all(reply.to_string().as_bytes()).await.is_err() {
            return;
        }
    }
}

/// OpenFlow 1.0 (sections 5.1 and 5.3.1): HELLO, FEATURES_REPLY, and port descriptions.
async fn speak_openflow(mut stream: UnixStream, ports: &[u16]) {
    let described = ports.iter().map(|number| describe(*number)).collect::<Vec<_>>().concat();
    let _ = stream.write_all(&message(0, 0, &[])).await;
    loop {
        let mut header = [0; 8];
        if stream.read_exact(&mut header).await.is_err() {
            return;
        }
        let [_, kind, high, low, xid @ ..] = header;
        let mut body = vec![0; usize::from(u16::from_be_bytes([high, low])) - 8];
        if stream.read_exact(&mut body).await.is_err() {
            return;
        }
        let xid = u32::from_be_bytes(xid);
        let answer = match kind {
            5 => message(6, xid, &[&[0, 0, 0, 0, 0, 0, 0, 0xab][..], &[0; 16]].concat()),
            16 if body.starts_with(&[0, 4]) => {
                let counted =
                    ports.iter().map(|number| count(*number)).collect::<Vec<_>>().concat();
                message(17, xid, &[&[0, 4, 0, 0][..], &counted].concat())
            }
            16 => message(17, xid, &[&[0, 13, 0, 0][..], &described].concat()),
            _ => continue,
        };
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

fn message(kind: u8, xid: u32, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + body.len()).unwrap();
    let header = [&[1, kind][..], &length.to_be_bytes(), &xid.to_be_bytes()].concat();
    [&header, body].concat()
}

/// `struct ofp_port_stats` of a port that has counted three of everything, but no errors on receipt.
fn count(number: u16) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    let counters = (0..12u8).map(|at| if at == 6 { u64::MAX } else { 3 });
    let counters: Vec<u8> = counters.flat_map(u64::to_be_bytes).collect();
    [&[high, low, 0, 0, 0, 0, 0, 0][..], &counters].concat()
}

/// `struct ofp_phy_port` of a port that is named after its number.
fn describe(number: u16) -> Vec<u8> {
    let mut name = [0; 16];
    let text = format!("port{number}");
    name[..text.len()].copy_from_slice(text.as_bytes());
    let [high, low] = number.to_be_bytes();
    [&[high, low][..], &[2, 0, 0, 0, high, low], &name, &[0; 24]].concat()
}
