//! What systemd-nspawn(1) was told to run.

use std::path::Path;

use super::machines::DISK;

fn file_name(path: &str) -> Option<&str> {
    Path::new(path).file_name()?.to_str()
}

/// What systemd-nspawn(1) is told to call the container, or calls it after its folder or image.
pub(in crate::engine) fn name_in(words: &[String]) -> Option<String> {
    let told = options_of(words);
    let last =
        |option: &str| told.iter().rev().find(|(found, _)| *found == option).map(|(_, v)| *v);
    if let Some(machine) = last("machine").filter(|machine| !machine.is_empty()) {
        return Some(machine.to_owned());
    }
    let name = match (last("directory"), last("image")) {
        (Some(folder), _) => file_name(folder)?,
        // Only of a disk the ending is none of the name's (`determine_names` of systemd's `src/nspawn/nspawn.c`).
        (None, image) => file_name(image?).map(|name| name.strip_suffix(DISK).unwrap_or(name))?,
    };
    Some(name.to_owned())
}

/// The short options that have a value, and the long ones that have none in the word after them
/// (`parse_argv` of systemd's `src/nspawn/nspawn.c`).
const SHORT_WITH_VALUE: &str = "DuLMSZipE";
const LONG_WITHOUT_VALUE: [&str; 16] = [
    "as-pid2",
    "boot",
    "ephemeral",
    "help",
    "keep-unit",
    "network-veth",
    "no-pager",
    "pipe",
    "private-network",
    "private-users",
    "private-users-chown",
    "quiet",
    "read-only",
    "share-system",
    "version",
    "volatile",
];

/// The options that name the container, its folder and its image, with their values: as getopt_long(3) reads
/// them, up to the first word that is no option, where the container's own words begin.
fn options_of(words: &[String]) -> Vec<(&'static str, &str)> {
    let mut told = Vec::new();
    let mut words = words.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
            let (name, joined) = long.split_once('=').map_or((long, None), |(n, v)| (n, Some(v)));
            // Any beginning will do that no other option has.
            let begins = |option: &&str| option.starts_with(name);
            let alone = joined.is_none() && LONG_WITHOUT_VALUE.iter().any(begins);
            let value = joined.or_else(|| if alone { None } else { words.next() });
            let known = ["machine", "directory", "image"].into_iter().find(begins);
            told.extend(known.zip(value));
        } else if let Some(cluster) =
            word.strip_prefix('-').filter(|rest| !rest.is_empty() && *rest != "-")
        {
            // Several stand in one word, of which the last may have the rest, or the next word, for its value.
            let at = cluster.find(|letter| SHORT_WITH_VALUE.contains(letter));
            let Some((letter, rest)) =
                at.and_then(|at| cluster.split_at_checked(at)?.1.split_at_checked(1))
            else {
                continue;
            };
            let value = if rest.is_empty() { words.next() } else { Some(rest) };
            let known = match letter {
                "M" => Some("machine"),
                "D" => Some("directory"),
                "i" => Some("image"),
                _ => None,
            };
            told.extend(known.zip(value));
        } else {
            break;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_the_name() {
        let name = |words: &str| {
            let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
            name_in(&words)
        };
        for words in [
            "systemd-nspawn --machine=web -D /x",
            "systemd-nspawn -D /x -M web",
            "systemd-nspawn --machine web -D /x",
            "systemd-nspawn -Mweb -D /x",
            "systemd-nspawn -D /srv/web",
            "systemd-nspawn -i /srv/web.raw -b",
            "systemd-nspawn -bD /srv/web",
            "systemd-nspawn -qbxM web -D /x",
            "systemd-nspawn -bMweb -D /x",
            "systemd-nspawn -D /x -M db -M web",
            "systemd-nspawn --mach web --dir=/x",
            "systemd-nspawn --boot --directory /srv/web",
            "systemd-nspawn --user root -D /srv/web sh",
            "systemd-nspawn -u db -D /srv/web",
            "systemd-nspawn -D /srv/web perl -MPOSIX x.pl",
            "systemd-nspawn -D /srv/web -- sh -M db",
            "systemd-nspawn -D /srv/web --volatile --bind /x:/M -n",
            "systemd-nspawn -D /srv/web --bind -M -n",
        ] {
            assert_eq!(name(words).as_deref(), Some("web"), "{words}");
        }
        let folder = name("systemd-nspawn -D /var/lib/machines/tree.raw");
        assert_eq!(folder.as_deref(), Some("tree.raw"), "as its image is called");
        for words in [
            "systemd-nspawn -b",
            "systemd-nspawn -- x -M web",
            "systemd-nspawn sh -M web",
            "systemd-nspawn -",
            "systemd-nspawn -bD",
            "systemd-nspawn -é",
        ] {
            assert_eq!(name(words), None, "{words}");
        }
    }
}
