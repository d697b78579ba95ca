//! What network drivers do: with the database and the kernel, and never with an engine, which may be
//! waiting for the driver at that very moment.
//!
//! No lock is taken, as its holder may be at it for longer than an engine is to wait: each transaction
//! fails where what it rests on has changed, and is planned anew.

use std::path::Path;

use model::SourceError;
use model::ids::NetnsId;
use model::plan::Plan;
use model::switch::Bridge;
use netns::Netns;

use super::ActError;
use super::executor::PlanExecutor;
use crate::{Host, kernel};

/// A namespace that the other end of a veth is made in.
#[derive(Debug)]
pub struct Home(Netns);

impl Home {
    /// The namespace that this program runs in, which is the engine's too: it takes links from there.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn own() -> Result<Self, SourceError> {
        kernel::own_namespace().map(Self)
    }

    /// The namespace behind this file.
    ///
    /// # Errors
    /// It cannot be opened, or is something else.
    pub fn at(path: &Path) -> Result<Self, SourceError> {
        let what = || format!("the network namespace {}", path.display());
        Netns::open(path).map(Self).map_err(|error| kernel::source_error(what(), &error))
    }

    /// Which one it is.
    pub fn id(&self) -> NetnsId {
        kernel::id(&self.0)
    }
}

/// A connection to the switch's database, and the kernel, for one call of an engine.
pub struct Endpoints {
    executor: PlanExecutor,
}

impl Endpoints {
    /// Connects.
    ///
    /// # Errors
    /// The database does not answer, or vswitchd's network namespace is not known.
    pub async fn of(host: &Host) -> Result<Self, SourceError> {
        Ok(Self { executor: PlanExecutor::unlocked(host).await? })
    }

    /// Every bridge with every port, without addresses, options and errors, and what the database calls
    /// itself.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn rows(&mut self) -> Result<(Vec<Bridge>, Option<String>), SourceError> {
        self.executor.rows().await
    }

    /// The port whose interface has this name, on its bridge, with what that remembers; no others.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn rows_of(&mut self, interface: &str) -> Result<Vec<Bridge>, SourceError> {
        self.executor.rows_of(interface).await
    }

    /// Carries a plan out, or nothing of it. Where [`ActError::has_changed`], another one may succeed.
    ///
    /// # Errors
    /// A step failed.
    pub async fn carry_out(&mut self, plan: &Plan, home: Home) -> Result<(), ActError> {
        self.executor.run_in(home.0, plan).await
    }

    /// Whether the switch's namespace has no link of this name; false where that cannot be told.
    pub fn has_no_link(&self, name: &str) -> bool {
        self.executor.has_no_link(name)
    }

    /// Deletes the veth of this name in the switch's namespace if its making never came to its end.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn delete_unfinished(&self, name: &str) -> Result<(), SourceError> {
        self.executor.delete_left(name, None)
    }

    /// The same, also where it did, of a link whose alias begins so.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn delete_left(&self, name: &str, alias: &str) -> Result<(), SourceError> {
        self.executor.delete_left(name, Some(alias))
    }

    /// Whether the switch's namespace has this link, and its making came to its end.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn is_finished(&self, name: &str) -> Result<bool, SourceError> {
        self.executor.is_finished(name)
    }
}

impl ActError {
    /// Whether something that was rested on had changed, and nothing is left of it.
    pub fn has_changed(&self) -> bool {
        matches!(self, Self::Failed { why, left }
            if why.kind == model::SourceErrorKind::Gone && left.is_empty())
    }
}
