//! Going into namespaces and coming back out of none: the thread that went ends.

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{Error, Netns, RouteSocket};

/// Reads inside each namespace in turn, on one thread made for it. A namespace that cannot
/// be entered or read does not keep the others from being read.
pub fn visit<T: Send>(
    namespaces: &[&Netns],
    mut read: impl FnMut(usize, &RouteSocket) -> Result<T, Error> + Send,
) -> Vec<Result<T, Error>> {
    let inside = move || {
        let each = namespaces.iter().enumerate();
        each.map(|(i, namespace)| read(i, &socket_in(namespace)?)).collect()
    };
    std::thread::scope(|scope| match scope.spawn(inside).join() {
        Ok(results) => results,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Moves the calling thread; only ever called on one that ends afterwards.
#[allow(clippy::disallowed_methods, reason = "the one place of setns")]
fn socket_in(namespace: &Netns) -> Result<RouteSocket, Error> {
    use std::os::fd::AsFd;
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
        .map_err(|errno| Error::Enter(errno.into()))?;
    RouteSocket::here()
}
