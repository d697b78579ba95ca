//! Prints the keys that begin with a prefix, and then what changes of them: `watch http://IP[:PORT] PREFIX`.
#![allow(clippy::print_stdout, reason = "an example prints")]

use std::error::Error;

use docker_ovs_etcd::{Client, Event, KeyValue, Settings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let (Some(member), Some(prefix)) = (words.next(), words.next()) else {
        return Err("Usage: watch http://IP[:PORT] PREFIX".into());
    };
    let etcd = Client::new(Settings { endpoints: vec![member.parse()?], tls: None });
    let (rows, header) = etcd.list(&prefix, Some).await?;
    rows.iter().for_each(print);
    // What changes is told from the next revision on, so that nothing is missed in between.
    let mut watcher = etcd.watch(&prefix, header.revision + 1).await?;
    loop {
        for event in watcher.next().await?.events {
            match event {
                Event::Put(row) => print(&row),
                Event::Deleted { key, .. } => println!("{} is gone", String::from_utf8_lossy(&key)),
            }
        }
    }
}

fn print(row: &KeyValue) {
    let (key, value) = (String::from_utf8_lossy(&row.key), String::from_utf8_lossy(&row.value));
    println!("{key} {value}");
}
