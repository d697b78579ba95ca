//! What a daemon writes down of a fleet's meshes.

use crate::try_run;

const KEY: &str = "docker-ovs.meshes";

/// What the row of the machine's own switch says of meshes; on drop it says so again.
pub struct KnownMeshes(Option<String>);

impl KnownMeshes {
    /// As it is now.
    pub fn keep() -> Self {
        let column = format!("external_ids:{KEY}");
        Self(try_run("ovs-vsctl", &["get", "Open_vSwitch", ".", &column]).ok())
    }
}

impl Drop for KnownMeshes {
    fn drop(&mut self) {
        let row = ["Open_vSwitch", "."];
        let _ = match &self.0 {
            Some(text) => {
                let pair = format!("external_ids:{KEY}={text}");
                try_run("ovs-vsctl", &[&["set"][..], &row, &[&*pair]].concat())
            }
            None => try_run("ovs-vsctl", &[&["remove"][..], &row, &["external_ids", KEY]].concat()),
        };
    }
}
