//! Names of a Snapshot that was not read here: as long as those that are.

use std::sync::Arc;

use crate::ids::{ContainerId, LONGEST_NAME, Name, name};
use crate::snapshot::{Container, Link, Namespace, Observed, Snapshot};
use crate::switch::{Bridge, Port};
use crate::told::excerpt;

impl Snapshot {
    /// Cuts every name that is longer than [`LONGEST_NAME`], as [`crate::ids::name`] does: a name is
    /// told in many rows.
    pub fn cut_names(&mut self) {
        self.engines.values_mut().for_each(|rows| each(rows, is_long_container, cut_container));
        for other in &mut self.other_engines {
            each(&mut other.containers, is_long_container, cut_container);
        }
        each(&mut self.kernel, is_long_namespace, cut_namespace);
        self.switch.values_mut().for_each(|rows| each(rows, is_long_bridge, cut_bridge));
    }
}

/// Rows that are as they should be stay shared.
fn each<T: Clone>(rows: &mut Observed<T>, is_long: fn(&T) -> bool, cut: fn(&mut T)) {
    if rows.rows().iter().any(is_long) {
        rows.rows_mut().iter_mut().filter(|row| is_long(row)).for_each(cut);
    }
}

fn is_long(text: &str) -> bool {
    text.len() > LONGEST_NAME
}

fn cut_name(long: &mut Name) {
    if is_long(long) {
        *long = name(long);
    }
}

fn cut_text(long: &mut String) {
    if is_long(long) {
        *long = name(long).to_string();
    }
}

fn is_long_container(row: &Container) -> bool {
    is_long(&row.id.0) || is_long(&row.name) || is_long(&row.state)
}

fn cut_container(row: &mut Container) {
    row.id = ContainerId(name(&row.id.0));
    cut_name(&mut row.name);
    cut_text(&mut row.state);
}

fn is_long_link(link: &Link) -> bool {
    let kind = link.kind.as_deref().is_some_and(is_long);
    kind || is_long(&link.name) || link.altnames.iter().any(|name| is_long(name))
}

fn is_long_namespace(row: &Namespace) -> bool {
    let links = row.links.iter().any(|link| is_long_link(link));
    let process = row.process.iter().any(|process| is_long(&process.name));
    links || process || row.names.iter().any(|name| is_long(name))
}

fn cut_namespace(row: &mut Namespace) {
    row.names.iter_mut().for_each(cut_text);
    row.process.iter_mut().for_each(|process| cut_name(&mut process.name));
    for link in row.links.iter_mut().filter(|link| is_long_link(link)) {
        let link = Arc::make_mut(link);
        cut_name(&mut link.name);
        link.altnames.iter_mut().for_each(cut_name);
        link.kind.iter_mut().for_each(cut_text);
    }
}

fn is_long_port(port: &Port) -> bool {
    let names = [Some(&*port.iface), port.port_name.as_deref(), port.bond.as_deref()];
    let error = port.error.as_deref().is_some_and(is_long);
    error || is_long(&port.kind) || names.into_iter().flatten().any(is_long)
}

fn is_long_bridge(row: &Bridge) -> bool {
    let fakes = row.fake_bridges.iter().any(|fake| is_long(&fake.name));
    fakes || is_long(&row.name) || row.ports.iter().any(|port| is_long_port(port))
}

fn cut_bridge(row: &mut Bridge) {
    cut_name(&mut row.name);
    row.fake_bridges.iter_mut().for_each(|fake| cut_name(&mut fake.name));
    for port in row.ports.iter_mut().filter(|port| is_long_port(port)) {
        let port = Arc::make_mut(port);
        cut_name(&mut port.iface);
        port.port_name.iter_mut().for_each(cut_name);
        port.bond.iter_mut().for_each(cut_text);
        cut_text(&mut port.kind);
        port.error = port.error.take().map(excerpt);
    }
}
