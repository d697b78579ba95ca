//! OpenFlow actions, as ovs-actions(7) writes them.

use crate::names::unquoted;
use crate::split::{call, call_and_rest, parts};

/// So many actions of a list are taken apart.
pub const LONGEST_LIST: usize = 4096;

/// So deep lists in lists are taken apart.
const DEEPEST: usize = 16;

/// An action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Action {
    /// What it does: `output`, `set_field`, `drop`, …; `output` too for a port alone.
    pub name: String,
    /// What stands after its name, without the outer parentheses: `3`, `commit,zone=5`; with what stands
    /// behind those: `1000->NXM_NX_REG0[0]` of `check_pkt_larger(1000)->NXM_NX_REG0[0]`.
    pub arguments: String,
    /// The port that it sends to, by number or name, where it names one.
    pub port: Option<String>,
    /// The actions in it, of `clone`, `write_actions` and `ct(exec(…))`.
    pub actions: Vec<Action>,
}

impl Action {
    /// Reads a list of actions.
    pub fn list(text: &str) -> Vec<Self> {
        list(text, 0)
    }

    /// Every port that it names, those of the actions in it too: numbers, or names.
    pub fn ports(&self) -> Vec<&str> {
        let mut all: Vec<_> = self.port.iter().map(String::as_str).collect();
        match self.name.as_str() {
            "bundle" | "bundle_load" => all.extend(members(&self.arguments)),
            "learn" => all.extend(learnt(&self.arguments)),
            "load" | "set_field" => all.extend(written(&self.arguments)),
            _ => {}
        }
        all.extend(self.actions.iter().flat_map(Self::ports));
        all
    }
}

fn list(text: &str, depth: usize) -> Vec<Action> {
    parts(text).take(LONGEST_LIST).map(|part| action(part, depth)).collect()
}

fn action(text: &str, depth: usize) -> Action {
    let end = text.find([':', '(']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let (arguments, behind) = if let Some(value) = rest.strip_prefix(':') {
        (value, "")
    } else {
        let (_, inside, behind) = call_and_rest(text);
        (inside.unwrap_or_default(), behind)
    };
    let bare = rest.is_empty() && is_port(name);
    let name = if bare { "output" } else { name };
    let first = || arguments.split([',', ':']).next().filter(|port| is_port(port));
    let port = match name {
        _ if bare => Some(text),
        "output" => key(arguments, "port").or_else(first),
        "enqueue" | "resubmit" => first(),
        "sample" => key(arguments, "sampling_port"),
        _ => None,
    };
    let inner = match name {
        "clone" | "write_actions" | "apply_actions" => Some(arguments),
        "ct" => {
            parts(arguments).find_map(|part| call(part).1.filter(|_| part.starts_with("exec(")))
        }
        _ => None,
    };
    let inner = inner.filter(|_| depth < DEEPEST);
    Action {
        name: name.to_owned(),
        arguments: if bare { text.to_owned() } else { format!("{arguments}{behind}") },
        port: port.map(plain),
        actions: inner.map(|inner| list(inner, depth + 1)).unwrap_or_default(),
    }
}

/// Whether a word may be a port: a number, or a name in quotes; others are told by what stands
/// before them.
fn is_port(word: &str) -> bool {
    let number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    number || word == "LOCAL" || word.starts_with('"') || is_name(word)
}

/// A name as `--names` writes it plain, and no word that is reserved.
fn is_name(word: &str) -> bool {
    let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    let begins = word.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    plain && begins && word.len() <= 15 && !is_reserved(word) && !is_action(word)
}

/// Whether a word stands where a port may, and is none that comes and goes (ovs-ofctl(8), of either case).
pub fn is_reserved(word: &str) -> bool {
    const RESERVED: [&str; 9] =
        ["IN_PORT", "TABLE", "NORMAL", "FLOOD", "ALL", "CONTROLLER", "ANY", "UNSET", "NONE"];
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word))
}

fn is_action(word: &str) -> bool {
    crate::names::is_quiet_action(word.as_bytes())
}

fn key<'a>(arguments: &'a str, key: &str) -> Option<&'a str> {
    parts(arguments)
        .find_map(|part| part.split_once('=').filter(|(name, _)| *name == key))
        .map(|(_, value)| value)
}

/// `…,members:1,2`
fn members(arguments: &str) -> impl Iterator<Item = &str> {
    let list = arguments.rsplit_once("members:").or_else(|| arguments.rsplit_once("slaves:"));
    list.map_or("", |(_, ports)| ports).split(',').filter(|port| is_port(port))
}

/// What a flow that is learnt will name.
fn learnt(arguments: &str) -> impl Iterator<Item = &str> {
    parts(arguments).flat_map(|part| {
        let port = part.strip_prefix("in_port=").or_else(|| part.strip_prefix("output:"));
        let port = port.filter(|port| is_port(port) && !port.contains('['));
        let load = part.strip_prefix("load:");
        port.into_iter().chain(load.and_then(written))
    })
}

/// `3->in_port`
fn written(arguments: &str) -> Option<&str> {
    let (value, field) = arguments.split_once("->")?;
    let field = field.strip_suffix("[]").unwrap_or(field);
    let to_port = ["in_port", "in_port_oxm", "NXM_OF_IN_PORT", "OXM_OF_IN_PORT"].contains(&field);
    to_port.then_some(value)
}

/// A name without its quotes, unless it would be taken for a number or a reserved word without them.
fn plain(port: &str) -> String {
    let name = String::from_utf8_lossy(&unquoted(port.as_bytes())).into_owned();
    let is_other = name.starts_with(|first: char| first.is_ascii_digit())
        || name.eq_ignore_ascii_case("LOCAL")
        || is_reserved(&name);
    if is_other { port.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::Action;

    fn ports(text: &str) -> Vec<String> {
        Action::list(text).iter().flat_map(Action::ports).map(str::to_owned).collect()
    }

    #[test]
    fn ports_are_found_wherever_an_action_names_one() {
        for (text, expected) in [
            ("output:3", vec!["3"]),
            ("3,veth1,\"patch-a\",LOCAL", vec!["3", "veth1", "patch-a", "LOCAL"]),
            ("\"7\",7,\"LOCAL\",output:\"0x7\"", vec!["\"7\"", "7", "\"LOCAL\"", "\"0x7\""]),
            ("drop", vec![]),
            ("NORMAL,CONTROLLER:65535,dec_ttl", vec![]),
            ("output:NXM_NX_REG0[]", vec![]),
            ("output(port=3,max_len=99)", vec!["3"]),
            ("enqueue:3:7,enqueue(4,7)", vec!["3", "4"]),
            ("resubmit(,5),resubmit(6,5),resubmit:7", vec!["6", "7"]),
            ("bundle(eth_src,50,active_backup,ofport,members:1,2),4", vec!["1", "2", "4"]),
            (
                "learn(table=3,in_port=5,output:NXM_OF_IN_PORT[],load:0x7->NXM_OF_IN_PORT[])",
                vec!["5", "0x7"],
            ),
            (
                "clone(output:3,ct(commit,zone=9,exec(set_field:8->in_port))),write_actions(output:4)",
                vec!["3", "8", "4"],
            ),
            ("group:3,meter:4,mod_vlan_vid:5,set_queue:6,goto_table:7", vec![]),
        ] {
            assert_eq!(ports(text), expected, "{text}");
        }
    }

    #[test]
    fn an_action_is_told_by_name_and_arguments() {
        let all = Action::list("set_field:02:00:00:00:00:01->eth_src,ct(commit,zone=5),drop");
        let told: Vec<_> = all.iter().map(|one| (&*one.name, &*one.arguments)).collect();
        let expected =
            [("set_field", "02:00:00:00:00:01->eth_src"), ("ct", "commit,zone=5"), ("drop", "")];
        assert_eq!(told, expected);
    }

    /// What a call gives is written behind it.
    #[test]
    fn what_stands_behind_parentheses_is_kept_apart() {
        for (text, name, arguments) in [
            ("check_pkt_larger(1000)->NXM_NX_REG0[0]", "check_pkt_larger", "1000->NXM_NX_REG0[0]"),
            ("of_the_future(a(1),b)->reg0[0..3]", "of_the_future", "a(1),b->reg0[0..3]"),
            ("learn(a[1..2],\"b)\")", "learn", "a[1..2],\"b)\""),
            ("cut(1,2", "cut", "1,2"),
            ("empty()", "empty", ""),
        ] {
            let all = Action::list(text);
            let told: Vec<_> = all.iter().map(|one| (&*one.name, &*one.arguments)).collect();
            assert_eq!(told, [(name, arguments)], "{text}");
        }
    }

    #[test]
    fn lists_in_lists_have_an_end() {
        let deep = "clone(".repeat(100_000) + &")".repeat(100_000);
        assert_eq!(Action::list(&deep).len(), 1);
    }
}
