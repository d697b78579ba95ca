//! What engines, the kernel's files and servers say, read from any bytes: for fuzzing and its corpora.

pub use crate::engine::parsing::{
    ReadDocker, ReadPodman, cgroups, containerd, cri, docker, docker_address, docker_context,
    incus, lxc_process, nspawn_machine, nspawn_name, oci_network, podman,
};
pub use crate::identity::parsing::process_files;

use crate::transport::{HttpError, LineBuffer, words};

/// The lines of a stream that comes in pieces of `step` bytes, and whether one of them is too long.
pub fn lines_in(stream: &[u8], step: usize) -> (Vec<Vec<u8>>, bool) {
    let (mut waiting, mut lines) = (LineBuffer::default(), Vec::new());
    for piece in stream.chunks(step.max(1)) {
        waiting.push(piece);
        loop {
            match waiting.take() {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => break,
                Err(HttpError::TooLong) => return (lines, true),
                Err(_) => return (lines, false),
            }
        }
    }
    (lines, false)
}

/// What a server says with a refusal.
pub fn refusal(body: &[u8]) -> String {
    words(body)
}
