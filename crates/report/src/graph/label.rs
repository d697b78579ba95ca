//! What is written beneath a jack.

use model::wiring::{LastTenant, Occupant};

use super::escape::clean;
use super::jack::{Ink, Jack, JackLink, Line};
use crate::v1;

/// So many addresses or links are written out; of more, it is said how many.
const WRITTEN: usize = 2;

/// What is written beneath a jack: who is on it first, the port's own name last.
pub(super) fn lines(jack: &Jack, occupant: &Occupant, port: &v1::Port) -> Vec<Line> {
    let mut lines = match occupant {
        Occupant::Plugged { .. } => plugs(&jack.plugs),
        Occupant::Local => vec![strong("the bridge itself")],
        Occupant::Host { .. } => vec![strong(&jack.port), plain(&jack.who)],
        Occupant::Patch { peer, bridge } => patch_lines(peer, bridge.as_deref()),
        Occupant::Tunnel { remote } => {
            vec![plain(&format!("{} tunnel to", port.kind)), strong(remote)]
        }
        Occupant::Orphaned { last } => last_lines(last.as_ref()),
        Occupant::Unknown { why } => vec![alarm("unknown"), plain(why)],
    };
    if !matches!(occupant, Occupant::Plugged { .. }) {
        lines.extend(jack.mac.as_deref().map(plain));
    }
    lines.extend(port.error.as_deref().map(alarm));
    lines.extend(jack.vlans().filter(|vlans| *vlans != jack.strip()).map(|vlans| plain(&vlans)));
    if !matches!(occupant, Occupant::Local | Occupant::Host { .. }) {
        lines.push(faint(&jack.port));
    }
    lines.extend(port.bond.as_ref().map(|bond| faint(&format!("bond {bond}"))));
    lines
}

fn plugs(plugs: &[JackLink]) -> Vec<Line> {
    match plugs {
        [one] => plug_lines(one),
        many => {
            let name = |plug: &JackLink| format!("{}:{}", plug.who, plug.interface);
            let names = few(&many.iter().map(name).collect::<Vec<_>>());
            names.iter().map(|name| strong(name)).collect()
        }
    }
}

fn plug_lines(plug: &JackLink) -> Vec<Line> {
    let mut lines = vec![strong(&plug.who), plain(&plug.interface)];
    lines.extend(plug.mac.as_deref().map(plain));
    lines.extend(few(&plug.addresses).iter().map(|address| plain(address)));
    lines
}

fn patch_lines(peer: &str, bridge: Option<&str>) -> Vec<Line> {
    match bridge {
        Some(bridge) => vec![plain("patch to"), strong(bridge), plain(peer)],
        None if peer.is_empty() => vec![plain("patch to"), alarm("no peer")],
        None => vec![plain("patch to"), strong(peer), alarm("which does not name it back")],
    }
}

fn last_lines(last: Option<&LastTenant>) -> Vec<Line> {
    match last {
        Some(last) => vec![alarm("last tenant"), strong(&last.to_string())],
        None => vec![alarm("last tenant unknown")],
    }
}

/// All, or one and how many more.
fn few(texts: &[String]) -> Vec<String> {
    if texts.len() <= WRITTEN {
        return texts.to_vec();
    }
    let (shown, rest) = texts.split_at(WRITTEN - 1);
    shown.iter().cloned().chain([format!("and {} more", rest.len())]).collect()
}

fn line(ink: Ink, text: &str) -> Line {
    Line { ink, text: clean(text) }
}

fn strong(text: &str) -> Line {
    line(Ink::Strong, text)
}

fn plain(text: &str) -> Line {
    line(Ink::Plain, text)
}

fn faint(text: &str) -> Line {
    line(Ink::Faint, text)
}

fn alarm(text: &str) -> Line {
    line(Ink::Alarm, text)
}
