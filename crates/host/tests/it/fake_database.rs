//! A database server that the tests are: the few methods of RFC 7047 that are asked of it, over
//! rows that the test sets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::fake_transaction::{Transaction, difference};

/// Rows by table and id.
pub(crate) type Tables = BTreeMap<&'static str, BTreeMap<String, Value>>;

#[derive(Default)]
struct Content {
    tables: Tables,
    /// Where updates are sent, once a client monitors.
    followers: Vec<UnboundedSender<Value>>,
    /// What vswitchd says of new interfaces; it gives them numbers if nothing.
    error: Option<&'static str>,
    /// Methods that were called.
    asked: Vec<String>,
    /// How transactions that insert fail: an error of RFC 7047 and its details.
    refusal: Option<(&'static str, &'static str)>,
    /// The columns of interfaces that vswitchd writes whenever they have been read.
    restless: &'static [&'static str],
}

impl Content {
    /// What vswitchd writes of its own accord, at the worst moment: another value each time.
    fn write_restless(&mut self) {
        for row in self.tables.get_mut("Interface").into_iter().flat_map(BTreeMap::values_mut) {
            for column in self.restless {
                row[column] = json!(row[column].as_i64().unwrap_or(0) - 1);
            }
        }
    }

    fn tell(&mut self, update: &Value) {
        let told = json!({ "id": null, "method": "update", "params": [null, update] });
        self.followers.retain(|follower| follower.send(told.clone()).is_ok());
    }
}

pub(crate) struct FakeDatabase {
    content: Arc<Mutex<Content>>,
    server: JoinHandle<()>,
}

impl FakeDatabase {
    /// Listens in `rundir`, where the database of a host is looked for.
    pub(crate) fn listen(rundir: &Path) -> Self {
        let socket = rundir.join("db.sock");
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(socket).unwrap();
        let content = Arc::new(Mutex::new(Content::default()));
        let shared = Arc::clone(&content);
        let server = tokio::spawn(async move {
            let mut clients = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                clients.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { content, server }
    }

    /// Closes its socket and every connection.
    pub(crate) async fn end(self) {
        self.server.abort();
        let _ = self.server.await;
    }

    /// A bridge with these system ports, each with its number.
    pub(crate) fn bridge(&self, name: &str, ports: &[(&str, Option<u16>)]) {
        self.bridge_of("netdev", name, ports);
    }

    /// The same of this datapath.
    pub(crate) fn bridge_of(&self, datapath: &str, name: &str, ports: &[(&str, Option<u16>)]) {
        for (port, number) in ports {
            self.set("Interface", &id(1, port), interface(port, *number));
            self.set("Port", &id(2, port), port_row(port));
        }
        let ports: Vec<_> = ports.iter().map(|(port, _)| json!(["uuid", id(2, port)])).collect();
        let row = json!({
            "name": name, "datapath_id": "00000000000000ab", "datapath_type": datapath,
            "ports": ["set", ports], "external_ids": ["map", []],
        });
        self.set("Bridge", &id(3, name), row);
    }

    /// Makes the port internal, and no container's by words.
    pub(crate) fn make_internal(&self, name: &str, number: u16) {
        let mut row = interface(name, Some(number));
        row["type"] = json!("internal");
        row["external_ids"] = json!(["map", []]);
        self.set("Interface", &id(1, name), row);
    }

    fn set(&self, table: &'static str, id: &str, row: Value) {
        let mut content = self.content.lock().unwrap();
        let update = json!({ table: { id: { "new": row.clone() } } });
        content.tables.entry(table).or_default().insert(id.to_owned(), row);
        content.tell(&update);
    }

    /// The methods that were called, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.content.lock().unwrap().asked.clone()
    }

    /// From now on vswitchd cannot make a new interface, for this reason.
    pub(crate) fn fail(&self, error: &'static str) {
        self.content.lock().unwrap().error = Some(error);
    }

    /// From now on nothing can be inserted, for this reason and in these words.
    pub(crate) fn refuse(&self, error: &'static str, details: &'static str) {
        self.content.lock().unwrap().refusal = Some((error, details));
    }

    /// From now on vswitchd writes these columns whenever rows have been read.
    pub(crate) fn never_rests(&self, columns: &'static [&'static str]) {
        self.content.lock().unwrap().restless = columns;
    }

    /// An interface of no port.
    pub(crate) fn stray(&self, name: &str) {
        self.set("Interface", &id(1, name), interface(name, None));
    }
}

/// An id that is always the same for a name.
pub(crate) fn id(kind: u8, name: &str) -> String {
    let sum = name.bytes().fold(0_u64, |sum, byte| sum * 31 + u64::from(byte));
    format!("0000000{kind}-0000-4000-8000-{:012x}", sum & 0xffff_ffff_ffff)
}

pub(crate) fn interface(name: &str, number: Option<u16>) -> Value {
    let empty = || json!(["set", []]);
    json!({
        "name": name, "ofport": number.map_or_else(empty, |number| json!(number)),
        "ofport_request": empty(), "ifindex": 7, "mac_in_use": "02:00:00:00:00:01", "type": "",
        "options": ["map", [["psk", "secret"], ["key", "7"]]],
        "external_ids": ["map", [["container_id", "web"]]], "error": empty(),
        "statistics": ["map", [["rx_bytes", 5]]],
    })
}

pub(crate) fn port_row(name: &str) -> Value {
    json!({
        "name": name, "interfaces": ["uuid", id(1, name)], "tag": 10, "trunks": ["set", []],
        "external_ids": ["map", []],
    })
}

async fn serve(mut stream: UnixStream, content: Arc<Mutex<Content>>) {
    let (send, mut updates) = unbounded_channel();
    let mut bytes = Vec::new();
    loop {
        let Some(message) = next(&mut stream, &mut bytes, &mut updates).await else { return };
        let answer = match message["method"].as_str() {
            Some("update") => message,
            Some(method) => {
                let result = answer(method, &message["params"], &content, &send);
                json!({ "id": message["id"], "result": result, "error": null })
            }
            None => continue,
        };
        if stream.write_all(answer.to_string().as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next request, or the next update to be told; none when the client is gone.
async fn next(
    stream: &mut UnixStream,
    bytes: &mut Vec<u8>,
    updates: &mut UnboundedReceiver<Value>,
) -> Option<Value> {
    loop {
        let mut messages = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        if let Some(Ok(message)) = messages.next() {
            let end = messages.byte_offset();
            bytes.drain(..end);
            return Some(message);
        }
        tokio::select! {
            read = stream.read_buf(bytes) => {
                if !read.is_ok_and(|read| read > 0) {
                    return None;
                }
            }
            Some(update) = updates.recv() => return Some(update),
        }
    }
}

fn answer(
    method: &str,
    params: &Value,
    content: &Mutex<Content>,
    follower: &UnboundedSender<Value>,
) -> Value {
    let mut content = content.lock().unwrap();
    content.asked.push(method.to_owned());
    match method {
        "get_schema" => json!({ "name": "Open_vSwitch", "version": "8.8.0", "tables": {} }),
        "monitor" => {
            content.followers.push(follower.clone());
            let rows = |rows: &BTreeMap<String, Value>| -> Value {
                rows.iter().map(|(id, row)| (id.clone(), json!({ "new": row }))).collect()
            };
            content.tables.iter().map(|(table, all)| ((*table).to_owned(), rows(all))).collect()
        }
        "transact" => {
            let operations = &params.as_array().unwrap()[1..];
            let before = content.tables.clone();
            let mut transaction = Transaction::new(before.clone(), content.error, content.refusal);
            let results = transaction.run(operations);
            let after = transaction.tables;
            if after != before {
                content.tell(&difference(&before, &after));
                content.tables = after;
            }
            if operations.iter().all(|operation| operation["op"] == "select") {
                content.write_restless();
            }
            results
        }
        "lock" => json!({ "locked": true }),
        "unlock" => json!({}),
        _ => params.clone(),
    }
}

pub(crate) fn select(operation: &Value, tables: &Tables) -> Value {
    let table = operation["table"].as_str().unwrap_or_default();
    let rows = tables.get(table).into_iter().flatten();
    let fits = |id: &str, row: &Value| {
        let conditions = operation["where"].as_array().cloned().unwrap_or_default();
        conditions.iter().all(|condition| {
            let column = condition[0].as_str().unwrap_or_default();
            let held = if column == "_uuid" { json!(["uuid", id]) } else { row[column].clone() };
            let among = || held[1].as_array().is_some_and(|set| set.contains(&condition[2]));
            held == condition[2] || (condition[1] == "includes" && among())
        })
    };
    let found = rows.filter(|(id, row)| fits(id, row)).map(|(id, row)| {
        let mut row = row.clone();
        row["_uuid"] = json!(["uuid", id]);
        row
    });
    json!({ "rows": found.collect::<Vec<_>>() })
}
