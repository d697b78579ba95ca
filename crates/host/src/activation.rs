//! Sockets that the service manager has bound for this process (sd_listen_fds(3)).

use std::io;
use std::os::fd::OwnedFd;

use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// The first descriptor that a service manager passes on (`SD_LISTEN_FDS_START`).
const FIRST: i32 = 3;
/// More of them than any unit has are a mistake.
const MOST: i32 = 64;

/// Duplicates of the sockets that were passed on, in their order; none where that were others' or
/// there are none.
///
/// # Errors
/// More than any unit has, or numbers behind which nothing is open.
pub fn passed_on() -> io::Result<Vec<OwnedFd>> {
    let said = |name: &str| std::env::var(name).ok();
    let own = getpid().as_raw_nonzero().get();
    let count = count(own, said("LISTEN_PID").as_deref(), said("LISTEN_FDS").as_deref())?;
    (FIRST..FIRST + count).map(duplicate).collect()
}

/// How many there are for the process `own`, by what the two variables say.
fn count(own: i32, pid: Option<&str>, count: Option<&str>) -> io::Result<i32> {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<i32>().ok());
    match number(count).filter(|_| number(pid) == Some(own)) {
        None => Ok(0),
        Some(count) if (0..=MOST).contains(&count) => Ok(count),
        Some(count) => {
            Err(io::Error::other(format!("the service manager passes on {count} sockets")))
        }
    }
}

/// A descriptor of this process by its number. Nothing can be said of such a number without `unsafe`
/// but by the kernel, which is asked for a duplicate (pidfd_getfd(2)).
fn duplicate(number: i32) -> io::Result<OwnedFd> {
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    Ok(pidfd_getfd(own, number, PidfdGetfdFlags::empty())?)
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, IntoRawFd};
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_what_is_meant_for_this_process_counts() {
        for (pid, fds, expected) in [
            (Some("7"), Some("2"), Some(2)),
            (Some("7"), Some("0"), Some(0)),
            (Some("8"), Some("2"), Some(0)),
            (None, Some("2"), Some(0)),
            (Some("7"), None, Some(0)),
            (Some("7"), Some("many"), Some(0)),
            (Some("7"), Some("-1"), None),
            (Some("7"), Some("65"), None),
        ] {
            assert_eq!(count(7, pid, fds).ok(), expected, "{pid:?} {fds:?}");
        }
    }

    #[test]
    fn a_number_leads_to_what_is_open_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let number = UnixListener::bind(&path).unwrap().into_raw_fd();
        let Ok(again) = duplicate(number) else { return };
        let address = UnixListener::from(again).local_addr().unwrap();
        assert_eq!(address.as_pathname(), Some(&*path));
        assert!(duplicate(std::io::stderr().as_raw_fd() + 10_000).is_err());
    }
}
