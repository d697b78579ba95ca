//! Whose a process is by its cgroup: that of the container whose full id engines put into its path.

/// Whether these cgroups (cgroups(7), `/proc/PID/cgroup`) are the container's. Engines name them
/// after its full id, with words of their own around it: `/docker/ID`, `docker-ID.scope`,
/// `libpod-ID.scope`, below whatever parent was set. A container within a container has both
/// ids in its path, so the last one counts; and a hierarchy of version 1 that is not used has none.
pub(crate) fn cgroup_is_of(text: &str, id: &str) -> bool {
    is_id(id) && container_in(text) == Some(id)
}

/// The full id of the one container whose these cgroups are, by the same rule; none where they name none, or
/// several.
pub(crate) fn container_in(text: &str) -> Option<&str> {
    let paths = text.lines().filter_map(|line| line.splitn(3, ':').nth(2));
    let mut named = paths.filter_map(last_id);
    let first = named.next()?;
    named.all(|last| last == first).then_some(first)
}

/// The last part of a path that holds a full id.
fn last_id(path: &str) -> Option<&str> {
    path.rsplit('/').find_map(|part| {
        let mut words = part.split(|c: char| !c.is_ascii_alphanumeric());
        words.find(|word| is_id(word))
    })
}

/// 256 bits in hexadecimal, as every engine makes them.
fn is_id(word: &str) -> bool {
    word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::{cgroup_is_of, container_in};

    #[test]
    fn a_cgroup_is_of_the_container_whose_full_id_comes_last() {
        let a = "1a".repeat(32);
        let b = "2b".repeat(32);
        for mine in [
            format!("0::/system.slice/docker-{a}.scope"),
            format!("0::/../../docker-{a}.scope/init.scope"),
            format!("0::/machine.slice/libpod-{a}.scope/container"),
            format!("0::/libpod_parent/libpod-{a}"),
            format!("0::/my.slice/my-parent/{a}"),
            format!("0::/machine.slice/machine-libpod_pod_{b}.slice/libpod-{a}.scope"),
            format!("2:cpu:/\n1:name=systemd:/docker/{a}\n0::/"),
            format!("0::/docker/{b}/docker/{a}"),
            format!("0::/kubepods/besteffort/pod7f/cri-containerd-{a}.scope"),
        ] {
            assert!(cgroup_is_of(&mine, &a), "{mine}");
            assert_eq!(container_in(&mine), Some(&*a), "{mine}");
            assert!(!cgroup_is_of(&mine, &b), "{mine}");
        }
        for none in [
            "0::/".to_owned(),
            String::new(),
            format!("0::/docker/{}", &a[..12]),
            format!("0::/docker/{a}0"),
            format!("2:cpu:/docker/{b}\n0::/docker/{a}"),
        ] {
            assert!(!cgroup_is_of(&none, &a), "{none}");
            assert_eq!(container_in(&none), None, "{none}");
        }
        assert!(!cgroup_is_of("0::/docker/d1", "d1"), "any name could be such an id");
    }
}
