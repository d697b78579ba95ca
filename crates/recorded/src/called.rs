//! What the name of a file tells of what is in it, as `sos` calls its files.

use std::path::Path;

use host::SwitchCommand;

pub(crate) fn file_name(called: &str) -> &str {
    Path::new(called).file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The bridge that a command was about, as `sos` names its file: `ovs-ofctl_show_br0`.
pub(crate) fn bridge_of(called: &str) -> Option<String> {
    let name = file_name(called);
    let before = ["_show_", "_dump-ports-desc_"];
    let bridge = before.iter().find_map(|word| name.split_once(word)).map(|(_, bridge)| bridge)?;
    (!bridge.is_empty()).then(|| bridge.to_owned())
}

/// What a text answers of which only the name of its file tells the bridge, as `sos` calls them:
/// `ovs-ofctl_dump-flows_br0`, `ovs-appctl_fdb.show_br0`.
pub(crate) fn answer_of<'a>(name: &'a str, text: &str) -> Option<SwitchCommand<'a>> {
    let bridge = |word| name.split_once(word).map(|(_, bridge)| bridge);
    let begins = text.trim_start();
    if let Some(bridge) = bridge("dump-flows_") {
        let is_flows = begins.lines().take(2).any(|line| line.contains("actions="));
        return is_flows.then_some(SwitchCommand::Flows(bridge));
    }
    let bridge = bridge("fdb.show_").or_else(|| bridge("fdb_show_"))?;
    is_table(begins.lines().next()?).then_some(SwitchCommand::Fdb(bridge))
}

/// Whether it is the header of the MAC table of one bridge. Its words are in small letters or, since Open vSwitch 4.0,
/// in capitals; that of several bridges begins with another word.
fn is_table(header: &str) -> bool {
    let words = header.split_whitespace().map(str::to_ascii_lowercase);
    words.eq(["port", "vlan", "mac", "age"])
}

/// The namespace that a file is of: `networking/namespaces/NAME/ip_netns_exec_NAME_ip_-d_address_show`, or that name in
/// the folder of the host's own files, where earlier releases of `sos` have them all.
pub(crate) fn namespace_of(called: &str) -> Option<String> {
    let in_folder = || called.split_once("networking/namespaces/")?.1.split_once('/');
    // A name may have any of these words; the command, which comes last, has none.
    let by_name = || file_name(called).split_once("ip_netns_exec_")?.1.rsplit_once("_ip_");
    let (name, _) = in_folder().or_else(by_name)?;
    (!name.is_empty()).then(|| name.to_owned())
}
