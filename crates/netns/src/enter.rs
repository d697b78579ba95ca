//! Entering namespaces, each time on a thread that ends afterwards: none has to be left again.

use std::io;
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{Error, Netns, RouteSocket};

/// The stack of a thread that reads, in bytes: some nested calls, and no large value on it.
const STACK: usize = 512 * 1024;

/// Reads inside each namespace in turn, on one thread made for it. A namespace that cannot
/// be entered or read does not keep the others from being read. One result for each, in the
/// order given.
///
/// Entering takes CAP_SYS_ADMIN, here and in the user namespace that owns the other (setns(2)).
pub fn visit<T: Send>(
    namespaces: &[&Netns],
    mut read: impl FnMut(usize, &RouteSocket) -> Result<T, Error> + Send,
) -> Vec<Result<T, Error>> {
    let inside = move || {
        let each = namespaces.iter().enumerate();
        each.map(|(i, namespace)| read(i, &socket_in(namespace)?)).collect()
    };
    thread::scope(|scope| {
        match thread::Builder::new().stack_size(STACK).spawn_scoped(scope, inside) {
            Ok(visitor) => visitor.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(error) => namespaces.iter().map(|_| Err(no_thread(&error))).collect(),
        }
    })
}

/// A new error: the kind of the original says "would block", which nothing here does.
fn no_thread(error: &io::Error) -> Error {
    Error::Enter(io::Error::other(format!("no thread to enter it with: {error}")))
}

/// Moves the calling thread; only ever called on one that ends afterwards.
#[allow(clippy::disallowed_methods, reason = "the one place of setns")]
fn socket_in(namespace: &Netns) -> Result<RouteSocket, Error> {
    use std::os::fd::AsFd;
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
        .map_err(|errno| Error::Enter(errno.into()))?;
    RouteSocket::here()
}
