//! What files of proc(5) say, read from any text.

use std::path::PathBuf;

use super::{cgroup, database, process, sockets};

/// What stands in a text, as whichever file of a process it is read.
#[derive(Debug)]
pub struct ProcessFiles {
    /// The unix sockets that listen at a path.
    pub sockets: Vec<PathBuf>,
    /// How many things the other files tell.
    pub others: usize,
}

/// Reads `text` as each file of a process that is read.
pub fn process_files(text: &str) -> ProcessFiles {
    let sockets = text.lines().filter_map(sockets::unix_listener).map(|(_, path)| path).collect();
    let listeners = text.lines().filter_map(database::listener).count();
    let inodes = text.lines().filter_map(sockets::socket_inode).count();
    let numbers = process::numbers(text).map_or(0, |numbers| numbers.len());
    let programs = text.lines().filter_map(process::program_name).count();
    let maps = usize::from(process::is_root_in(text, 1000));
    let cgroups = usize::from(cgroup::cgroup_is_of(text, &"1a".repeat(32)));
    ProcessFiles { sockets, others: listeners + inodes + numbers + programs + maps + cgroups }
}
