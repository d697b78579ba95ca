//! What a unit lets its program do, done by unshare(1), mount(8), setpriv(1) and strace(1).

use std::collections::BTreeSet;
use std::process::Command;

/// Nothing can be written to but what the unit says (`ProtectSystem=strict`, `PrivateTmp=`), not
/// even the kernel's tunables (`ProtectKernelTunables=`), and no capability is there but its own.
/// What the host unmounts goes from a service's mounts too. Not here, where setup has not made the
/// host's mounts shared: Docker's handles on namespaces are let go of at once.
const SANDBOX: &str = r#"
set -e
writable=$1 capabilities=$2
shift 2
findmnt --raw --noheadings --types nsfs --output TARGET | while read -r handle; do
    umount "$handle"
done
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
for path in /tmp $writable; do
    mount --rbind "$path" "$path"
    mount -o remount,bind,rw "$path"
done
mount -o remount,bind,ro /
exec setpriv --no-new-privs --bounding-set="-all,$capabilities" "$@"
"#;

/// What a unit says for a setting.
pub(super) fn setting_of(unit: &'static str, name: &str) -> &'static str {
    let mut lines = unit.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("{name} is not in the unit"))
}

/// What systemd keeps from every service with `RestrictNamespaces=` and `RestrictSUIDSGID=`, as its filter cannot look
/// into what these calls are given (systemd.exec(5)).
const WITHOUT_STRUCTS: [&str; 2] = ["clone3", "openat2"];

/// What no filter takes from a service, or its program could not be started or ended (systemd.exec(5)).
const ALWAYS: [&str; 6] =
    ["execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn"];

/// The calls in the sets of `SystemCallFilter=`, by their names (systemd-analyze(1)).
fn calls_of(words: &str) -> BTreeSet<String> {
    words.split_whitespace().fold(BTreeSet::new(), |mut calls, word| {
        if word.starts_with('@') {
            let set = lab::run("systemd-analyze", &["syscall-filter", "--no-pager", word]);
            let lines = set.lines().skip(1).map(str::trim).filter(|line| !line.starts_with('#'));
            calls.extend(calls_of(&lines.collect::<Vec<_>>().join(" ")));
        } else {
            calls.insert(word.to_owned());
        }
        calls
    })
}

/// strace(1) in the place of the filter of `unit`: each other call fails as the unit says. The daemon itself is what is
/// started, and strace a child of it.
fn system_call_filter(unit: &str) -> Vec<String> {
    let lines = unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter="));
    let mut allowed: BTreeSet<_> = ALWAYS.map(str::to_owned).into();
    for line in lines {
        match line.strip_prefix('~') {
            Some(taken) => {
                let taken = calls_of(taken);
                allowed.retain(|call| !taken.contains(call));
            }
            None => allowed.extend(calls_of(line)),
        }
    }
    allowed.retain(|call| !WITHOUT_STRUCTS.contains(&&**call));
    assert!(allowed.contains("setns") && !allowed.contains("mount"), "{allowed:?}");
    // Without an error for names that this machine does not have.
    let others: Vec<_> = allowed.iter().map(|call| format!("?{call}")).collect();
    let others = format!("!{}", others.join(","));
    let words = ["strace", "--daemonize", "--follow-forks", "--seccomp-bpf", "--output=/dev/null"];
    let rules = [
        format!("--trace={others}"),
        format!("--inject={others}:error=EPERM"),
        format!("--inject={}:error=ENOSYS", WITHOUT_STRUCTS.join(",")),
    ];
    words.map(str::to_owned).into_iter().chain(rules).collect()
}

/// What starts a program that may do no more than this unit lets it: its name and words are to come.
pub(super) fn sandbox(unit: &'static str) -> Command {
    for (name, value) in [("ProtectSystem", "strict"), ("ProtectKernelTunables", "yes")] {
        assert_eq!(setting_of(unit, name), value, "{name}");
    }
    let capabilities = setting_of(unit, "CapabilityBoundingSet").to_ascii_lowercase();
    let capabilities = capabilities.replace("cap_", "+").replace(' ', ",");
    let mut sandbox = lab::program("unshare");
    sandbox.args(["--mount", "sh", "-c", SANDBOX, "sandbox"]);
    sandbox.args([setting_of(unit, "ReadWritePaths"), &capabilities]);
    if lab::is_there(lab::Need::SystemdAnalyze) {
        assert_eq!(setting_of(unit, "SystemCallErrorNumber"), "EPERM");
        sandbox.args(system_call_filter(unit));
    }
    sandbox
}
