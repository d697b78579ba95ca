//! By which way a request came, and so what it may be told.

/// A way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// By TCP without a token: every user of the machine, and every host that reaches it.
    Public,
    /// By the unix socket, whose permissions say who may, or with the token.
    Private,
}
