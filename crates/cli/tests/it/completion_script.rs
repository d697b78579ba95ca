//! What the script for bash offers, as bash asks it.
#![allow(clippy::disallowed_methods, reason = "a test starts the program it tests")]

use std::process::Command;

use crate::tool::says;

/// What TAB offers at the end of a line.
fn offered(script: &str, line: &str) -> Vec<String> {
    let words: Vec<_> = line.split(' ').collect();
    let (last, previous) = (words[words.len() - 1], words[words.len() - 2]);
    let ask = format!(
        "source {script}; COMP_WORDS=({}); COMP_CWORD={}; _docker__ovs docker-ovs '{last}' '{previous}'; \
         echo \"${{COMPREPLY[@]}}\"",
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1,
    );
    let ran = Command::new("bash").args(["--norc", "-c", &ask]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    said.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_verbs_and_what_stands_behind_them() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("docker-ovs.bash");
    std::fs::write(&script, says(&["completion", "bash"])).unwrap();
    let script = script.to_str().unwrap();
    for (line, expected) in [
        ("docker-ovs expl", "explain"),
        ("docker-ovs ls --par", "--partial"),
        ("docker-ovs flows --st", "--stale"),
        ("docker-ovs mesh cr", "create"),
        ("docker-ovs mesh join --loc", "--local-ip"),
        ("docker-ovs graph --format s", "svg"),
        ("docker-ovs ovs ls --par", "--partial"),
        ("docker-ovs completion b", "bash"),
    ] {
        let offered = offered(script, line);
        assert!(offered.iter().any(|word| word == expected), "{line}: {offered:?}");
    }
}
