//! What a word of the command line names: a container or a namespace, and maybe one of its interfaces.

use std::borrow::Cow;

use host::{Origin, Question};
use model::query::{self, QueryError, Subject};
use model::wiring::Attachment;
use model::{Look, NamedInterface, Target};

/// A look at what words name, and what of them that is.
pub(super) struct NamedLook<'w> {
    pub(super) look: Look,
    words: NamedInterface<'w>,
}

impl<'w> NamedLook<'w> {
    /// Looks for each of what the words may mean until there is one: a look at one container asks for nothing else.
    /// `question` is what is asked about it.
    ///
    /// # Errors
    /// Nothing has that name: what says more about it, of the ways in which it can be read.
    pub(super) async fn at(
        origin: &Origin,
        words: NamedInterface<'w>,
        question: impl Fn(Target) -> Question,
    ) -> Result<Self, QueryError> {
        let mut failed = None;
        for (container, interface) in words.readings() {
            let error = match Target::parse(container) {
                Err(error) => error,
                Ok(target) => {
                    let look = origin.look(&question(target.clone())).await;
                    let Err(error) = look.subject(&target).map(drop) else {
                        let words = NamedInterface { container, interface };
                        return Ok(Self { look, words });
                    };
                    error
                }
            };
            failed = Some(QueryError::of_readings(failed, error));
        }
        Err(failed.unwrap_or_else(|| QueryError::no_such_container(words.container)))
    }

    /// What was found: the container or namespace, and its interfaces, those that are named.
    ///
    /// # Errors
    /// As [`interfaces`].
    pub(super) fn found(
        &self,
        bridge: Option<&str>,
    ) -> Result<(Subject<'_>, Vec<Cow<'_, Attachment>>), QueryError> {
        interfaces(&self.look, self.words, bridge)
    }
}

/// The container or namespace that words name in a look at all of them, and its interfaces, or the one that is named,
/// as answers to a question about `bridge`.
///
/// # Errors
/// There is no such container, namespace, interface or bridge, or it cannot be known.
pub(super) fn interfaces<'a>(
    look: &'a Look,
    words: NamedInterface<'_>,
    bridge: Option<&str>,
) -> Result<(Subject<'a>, Vec<Cow<'a, Attachment>>), QueryError> {
    let (subject, interface) = look.named(words)?;
    let found = look.attachments_on(subject, bridge)?;
    Ok((subject, query::of_interface(found, interface, words.container)?))
}

/// Whether words name a namespace directly, in any way in which they can be read.
pub(super) fn is_namespace(words: NamedInterface<'_>) -> bool {
    let mut targets = words.readings().filter_map(|(word, _)| Target::parse(word).ok());
    targets.any(|target| !matches!(target, Target::Container(_)))
}
