//! What a question is about, as the user wrote it.

use crate::query_error::QueryError;
use crate::source_error::{SourceError, SourceErrorKind};

/// A container, or a network namespace named directly. Read once, where the user's words come
/// in; rows never contain them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A container by name, id, or beginning of the id; its engine may stand before it, as in
    /// `docker:web`.
    Container(String),
    /// `pid:N`: the namespace of a process, by its number in this program's PID namespace.
    Process(u32),
    /// `netns:NAME` or `netns:PATH`: a namespace by its name under /run/netns (ip-netns(8)), or
    /// by a path to it.
    Netns(String),
}

impl Target {
    /// Reads the words of the user.
    ///
    /// # Errors
    /// [`QueryError::SourceUnavailable`] for `pid:` before what is no number.
    pub fn parse(words: &str) -> Result<Self, QueryError> {
        if let Some(pid) = words.strip_prefix("pid:") {
            return pid.parse().map(Self::Process).map_err(|_| not_a_pid(words));
        }
        let netns = words.strip_prefix("netns:");
        Ok(netns.map_or_else(|| words.into(), |name| Self::Netns(name.to_owned())))
    }
}

/// The words of a user for a container or namespace, and maybe for one of its interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedInterface<'a> {
    /// The container or namespace; where no interface is named beside it, that may stand behind it.
    pub container: &'a str,
    /// The interface, where it is named by itself.
    pub interface: Option<&'a str>,
}

impl<'a> NamedInterface<'a> {
    /// What the words may mean, the likeliest first: what they name as they stand, as `docker:web`, and what stands
    /// before the last colon, with the interface behind that, as `web:eth0`. Of several that have one interface, as
    /// tables tell it (`web+log:eth0`), the first one.
    pub fn readings(self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let Self { container, interface } = self;
        let behind = container.rsplit_once(':').filter(|_| interface.is_none());
        let behind = behind.filter(|(before, _)| !before.is_empty());
        // `pid:12` and `netns:blue` are no interfaces of containers of these names: no engine is asked for one.
        let behind = behind.filter(|(before, _)| !matches!(*before, "pid" | "netns"));
        let of_several = behind.and_then(|(all, named)| Some((all.split_once('+')?.0, named)));
        // Nothing before the `+` names nothing.
        let of_several = of_several.filter(|(first, _)| !first.is_empty());
        let with_interface = behind.into_iter().chain(of_several);
        let with_interface = with_interface.map(|(before, named)| (before, Some(named)));
        std::iter::once((container, interface)).chain(with_interface)
    }
}

impl<'a> From<&'a str> for NamedInterface<'a> {
    fn from(container: &'a str) -> Self {
        Self { container, interface: None }
    }
}

/// A container; nothing in the words is taken for a namespace.
impl From<&str> for Target {
    fn from(container: &str) -> Self {
        Self::Container(container.to_owned())
    }
}

fn not_a_pid(words: &str) -> QueryError {
    let source_error = SourceError::new(SourceErrorKind::Unusable, words, "not a process id");
    QueryError::SourceUnavailable(source_error.hint("write pid:1234"))
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Container(words) => f.write_str(words),
            Self::Process(pid) => write!(f, "pid:{pid}"),
            Self::Netns(words) => write!(f, "netns:{words}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_stands_behind_the_last_colon() {
        let read = |words| NamedInterface::from(words).readings().collect::<Vec<_>>();
        assert_eq!(read("web"), [("web", None)]);
        assert_eq!(read("web:eth0"), [("web:eth0", None), ("web", Some("eth0"))]);
        assert_eq!(
            read("docker:web:eth0"),
            [("docker:web:eth0", None), ("docker:web", Some("eth0"))]
        );
        assert_eq!(
            read("web+log:eth0"),
            [("web+log:eth0", None), ("web+log", Some("eth0")), ("web", Some("eth0"))]
        );
        assert_eq!(read("web:"), [("web:", None), ("web", Some(""))]);
        for namespace in ["pid:12", "pid:self", "netns:blue"] {
            assert_eq!(read(namespace), [(namespace, None)]);
        }
        assert_eq!(read("pid:12:eth0"), [("pid:12:eth0", None), ("pid:12", Some("eth0"))]);
        assert_eq!(
            read("docker:pid:eth0"),
            [("docker:pid:eth0", None), ("docker:pid", Some("eth0"))]
        );
        let named = NamedInterface { container: "docker:web", interface: Some("eth0") };
        assert_eq!(named.readings().collect::<Vec<_>>(), [("docker:web", Some("eth0"))]);
    }

    #[test]
    fn words_are_read_and_written_alike() {
        for words in ["web", "docker:web", "pid:12", "netns:blue", "netns:/run/netns/blue"] {
            assert_eq!(Target::parse(words).unwrap().to_string(), words);
        }
        assert_eq!(Target::parse("pid:12"), Ok(Target::Process(12)));
        assert_eq!(Target::parse("docker:web"), Ok(Target::from("docker:web")));
        assert!(matches!(Target::parse("pid:self"), Err(QueryError::SourceUnavailable(_))));
    }
}
