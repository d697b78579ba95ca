//! What a container that runs is owed: it stays owed until it is restored or refused, however
//! long a source is away, and not a moment longer, so that what is taken from it by hand stays
//! away.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use host::Done;
use model::backoff::Backoff;
use model::ids::ContainerId;
use model::plan::{PlanError, Remembered, RestoreAction, without_generated};
use model::port_record::PortRecord;
use report::v1;
use tokio::time::Instant;

use super::needs::{Owner, RestoreNeed};
use super::{ASK_AT_LEAST, RETRY_AFTER, RETRY_AT_LEAST};

/// What a look says of an attachment that was not known to be its owner's before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The first look, of which the kernel's part was read last.
    First,
    /// It was not remembered before: another docker-ovs may be making it just now.
    New,
    /// Its container has started. The kernel's rows may be older than that, and a namespace of today may
    /// have the number of yesterday's.
    Again,
}

/// How far a look can tell that nothing is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    /// All that there is to it.
    Whole,
    /// But for its default routes: no look of the daemon's reads them.
    ButRoutes,
    /// It may be older than what it is about.
    Nothing,
}

impl Trust {
    fn of(what: &Remembered, start: Start) -> Self {
        let has_routes = PortRecord::of(&what.port).is_some_and(|own| !own.gateways.is_empty());
        match start {
            Start::Again => Self::Nothing,
            Start::First | Start::New if has_routes => Self::ButRoutes,
            Start::First | Start::New => Self::Whole,
        }
    }
}

/// An attachment that is remembered, and what is open about it.
#[derive(Clone, Debug)]
pub(super) struct OwedAttachment {
    what: Remembered,
    /// The container that it is owed to, if that runs. A restarted container has another first process.
    owner: Option<Owner>,
    /// Since when, in milliseconds since the Unix epoch.
    since: u64,
    /// When to try again; none once there is nothing to try any more.
    next: Option<Instant>,
    /// How long after an attempt.
    backoff: Backoff,
    /// What a look can tell.
    trust: Trust,
    /// Whether a look saw it whole, but for its default routes, before anything was tried.
    was_whole: bool,
    /// What the last attempt was made for.
    tried: RestoreNeed,
    /// What is known to be open about it.
    claim: RestoreNeed,
    /// What it waits for.
    why: String,
    /// Why the last attempt came to nothing.
    failure: Option<String>,
    /// What was told of it last, as [`without_generated`] has it.
    told: Option<String>,
    /// Whether there was another port of the same, which comes into sight when this one is deleted by hand.
    hides_another: bool,
}

impl OwedAttachment {
    /// One whose container has just started, as far as is known. What is in doubt then has a second
    /// to become clear: the sources need not tell of an end and of a start in order.
    ///
    /// What is [`Start::New`] has that second too, and what has started [`Start::Again`] before it is taken
    /// for whole.
    ///
    /// Of one that has default routes an attempt alone tells that they are there.
    pub(super) fn of(what: Remembered, owner: Option<Owner>, start: Start) -> Self {
        Self {
            trust: Trust::of(&what, start),
            was_whole: false,
            what,
            next: owner.is_some().then(|| Instant::now() + RETRY_AFTER),
            owner,
            since: host::now(),
            backoff: Backoff::new(RETRY_AFTER, ASK_AT_LEAST),
            tried: if start == Start::New { RestoreNeed::Missing } else { RestoreNeed::Nothing },
            claim: RestoreNeed::Nothing,
            why: String::new(),
            failure: None,
            told: None,
            hides_another: false,
        }
    }

    /// Whether it is still owed to the same one.
    pub(super) fn is_of(&self, owner: Option<&Owner>) -> bool {
        self.owner.as_ref() == owner
    }

    /// Whether what is remembered now was made after what was remembered then, as by another `connect` of the
    /// same interface. What tells no time comes into sight again.
    pub(super) fn is_older_than(&self, now: &Remembered) -> bool {
        let created = |one: &Remembered| PortRecord::of(&one.port)?.created;
        created(now) > created(&self.what)
    }

    /// Whether nothing was open about it, and the database has another port for it now than at the last look: one
    /// that was restored from a backup has the ports of the links that there were then. What was deleted by hand,
    /// and only the bridge remembers, is no other port. Where its container has started since, it is that start which
    /// counts: what the look tells of links may be from before it.
    pub(super) fn is_of_another_port(&self, now: &Remembered, owner: Option<&Owner>) -> bool {
        self.next.is_none()
            && self.is_of(owner)
            && !self.hides_another
            && !now.port_is_gone
            && !self.what.port_is_gone
            && now.port.iface != self.what.port.iface
    }

    /// There is another port of the same, which does not count.
    pub(super) fn hides_another(&mut self) {
        self.hides_another = true;
    }

    /// What is remembered now, where nothing is to be done about it.
    pub(super) fn sees(&mut self, what: Remembered) {
        self.what = what;
    }

    /// Whether its owner runs still.
    pub(super) fn is_of_one_of(&self, running: &BTreeSet<Owner>) -> bool {
        self.owner.as_ref().is_some_and(|owner| running.contains(owner))
    }

    /// When to try again, if there is anything to try.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// The container that it is owed to, if it may be.
    pub(super) fn may_be_due(&self) -> Option<ContainerId> {
        self.next?;
        self.owner.as_ref().map(|(id, _)| id.clone())
    }

    /// Whether to try now, by what a look says.
    pub(super) fn is_due(&mut self, what: Remembered, claim: RestoreNeed, why: String) -> bool {
        // What was whole was taken away since, by hand.
        if claim == RestoreNeed::Missing && self.was_whole && self.failure.is_none() {
            self.settle();
            return false;
        }
        self.was_whole |= claim == RestoreNeed::Nothing && self.trust == Trust::ButRoutes;
        // The look may be of the midst of the attempt that failed, before that was undone: only the
        // next attempt, which looks for itself, can tell that nothing is missing.
        let is_doubtful = claim == RestoreNeed::Nothing && self.failure.is_some();
        let claim = if is_doubtful { RestoreNeed::Doubtful } else { claim };
        (self.what, self.claim, self.why) = (what, claim, why);
        let is_time = self.next.is_some_and(|next| Instant::now() >= next);
        let due = match claim {
            RestoreNeed::Nothing if self.trust == Trust::Whole => {
                self.settle();
                false
            }
            RestoreNeed::Missing => is_time || self.tried != claim,
            // An attempt looks for itself, at everything in order.
            RestoreNeed::Nothing | RestoreNeed::Doubtful => is_time,
        };
        if due {
            self.tried = claim;
        }
        due
    }

    /// As clients are told of it.
    pub(super) fn row(&self) -> Option<v1::Owed> {
        let (id, _) = self.owner.as_ref().filter(|_| self.claim != RestoreNeed::Nothing)?;
        let why = self.failure.as_ref().unwrap_or(&self.why).clone();
        Some(v1::Owed::new(&self.what, id, self.since, why))
    }

    /// Whether this sentence is another one than the last. Each attempt has a name of its own for the link
    /// that it makes, which is no difference.
    pub(super) fn is_news(&mut self, sentence: &str) -> bool {
        let sentence = Some(without_generated(sentence));
        let is_news = sentence != self.told;
        self.told = sentence;
        is_news
    }

    /// What an attempt came to; none where nothing was remembered any more.
    pub(super) fn came_to(&mut self, how: Option<&Done>) {
        match how.and_then(is_open) {
            Some((why, at_least)) => {
                self.fail(why);
                self.try_again(at_least);
            }
            None => self.settle(),
        }
    }

    /// Nothing could be tried.
    pub(super) fn failed(&mut self, why: &impl fmt::Display) {
        self.fail(why.to_string());
        self.try_again(RETRY_AT_LEAST);
    }

    /// The same reason stays as it was told, with the name that the first attempt gave to a link.
    fn fail(&mut self, why: String) {
        let same = |known: &String| without_generated(known) == without_generated(&why);
        if !self.failure.as_ref().is_some_and(same) {
            self.failure = Some(why);
        }
    }

    /// Tries at once what is still owed: what it waited for may be there again.
    pub(super) fn hurry(&mut self) {
        if self.next.is_some() {
            self.backoff.reset();
            self.next = Some(Instant::now() + RETRY_AFTER);
            self.tried = RestoreNeed::Nothing;
        }
    }

    /// Nothing is to be done about it until its container starts again.
    pub(super) fn settle(&mut self) {
        (self.next, self.failure, self.claim) = (None, None, RestoreNeed::Nothing);
    }

    fn try_again(&mut self, at_least: Duration) {
        if self.next.is_some() {
            self.next = Some(Instant::now() + self.backoff.pause_within(at_least));
        }
    }
}

/// Why one is still to be made again, and how often that is to be tried at least; none where it is
/// there, or was refused for good.
fn is_open(how: &Done) -> Option<(String, Duration)> {
    match how {
        Done::Failed(act_error) => Some((act_error.to_string(), RETRY_AT_LEAST)),
        Done::As(RestoreAction::NotToBeTouched { why }) => Some((why.clone(), ASK_AT_LEAST)),
        Done::As(RestoreAction::Refused(plan_error)) if may_pass(plan_error) => {
            Some((plan_error.to_string(), ASK_AT_LEAST))
        }
        Done::As(RestoreAction::NotRunning { state }) => {
            Some((format!("its container is {state}"), ASK_AT_LEAST))
        }
        Done::As(_) => None,
    }
}

/// Whether a plan is refused only for what was not seen.
fn may_pass(plan_error: &PlanError) -> bool {
    use PlanError::{HostNameTaken, NotHere, Query, Undecided};
    matches!(plan_error, Query(_) | Undecided { .. } | NotHere { .. } | HostNameTaken { .. })
}

#[cfg(test)]
mod tests {
    use host::ActError;
    use model::switch::Port;
    use model::{SourceError, SourceErrorKind};
    use tokio::time::advance;

    use super::*;

    fn what() -> Remembered {
        Remembered {
            bridge: "br0".into(),
            port: std::sync::Arc::default(),
            container: "web".into(),
            called: "web".into(),
            interface: "eth0".into(),
            port_is_gone: false,
            superseded: None,
            asked_as: Vec::new(),
        }
    }

    fn owed() -> OwedAttachment {
        OwedAttachment::of(what(), Some((ContainerId("ab".repeat(32).into()), 7)), Start::Again)
    }

    fn is_due(owed: &mut OwedAttachment, claim: RestoreNeed) -> bool {
        owed.may_be_due().is_some() && owed.is_due(what(), claim, "it is away".to_owned())
    }

    fn failed() -> Done {
        failed_with("no answer")
    }

    fn failed_with(why: &str) -> Done {
        let why = SourceError::new(SourceErrorKind::Unreachable, "vswitchd", why);
        Done::Failed(ActError::from(why))
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_that_fails_as_the_last_one_is_no_news() {
        let mut owed = owed();
        assert!(is_due(&mut owed, RestoreNeed::Missing));
        let mut rows = BTreeSet::new();
        let mut news = 0;
        for name in 0..1000 {
            let why =
                format!("vswitchd cannot open dov-{name:08x}; dov-{name:08x} stays, link {name}");
            owed.came_to(Some(&failed_with(&why)));
            news += usize::from(owed.is_news(&format!("cannot restore web:eth0: {why}")));
            rows.insert(owed.row());
        }
        assert_eq!((news, rows.len()), (1, 1));
        for why in ["br0 has no room", "vswitchd cannot open veth1", "vswitchd cannot open veth2"] {
            owed.came_to(Some(&failed_with(why)));
            assert!(owed.is_news(why) && !owed.is_news(why), "{why}");
            assert!(owed.row().unwrap().reason.contains(why));
        }
        owed.failed(&"no answer about dov-00000001");
        owed.failed(&"no answer about dov-0000000a");
        assert_eq!(owed.row().unwrap().reason, "no answer about dov-00000001");
        assert!(owed.is_news("br0 has no room"), "it is so again");
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_stays_owed_for_ever_and_is_tried_every_ten_seconds_at_least() {
        let mut owed = owed();
        assert!(is_due(&mut owed, RestoreNeed::Missing), "what is missing is made at once");
        for _ in 0..100 {
            owed.came_to(Some(&failed()));
            assert!(!is_due(&mut owed, RestoreNeed::Missing));
            assert!(owed.row().unwrap().reason.contains("no answer"));
            advance(RETRY_AT_LEAST).await;
            assert!(is_due(&mut owed, RestoreNeed::Missing));
        }
        owed.came_to(Some(&Done::As(RestoreAction::There)));
        advance(ASK_AT_LEAST * 2).await;
        assert!(!is_due(&mut owed, RestoreNeed::Missing), "what is taken later stays away");
        assert_eq!(owed.row(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_at_an_attempt_that_was_undone_later_does_not_end_what_is_owed() {
        let mut owed = owed();
        for _ in 0..10 {
            assert!(is_due(&mut owed, RestoreNeed::Missing));
            owed.came_to(Some(&failed()));
            assert!(!is_due(&mut owed, RestoreNeed::Nothing));
            assert!(owed.row().unwrap().reason.contains("no answer"), "it is owed still");
            advance(RETRY_AT_LEAST).await;
        }
        assert!(is_due(&mut owed, RestoreNeed::Nothing), "what is there by now is found out");
        owed.came_to(Some(&Done::As(RestoreAction::There)));
        assert_eq!((owed.next(), owed.row()), (None, None));
    }

    /// As after a daemon that was killed between the addresses of an interface and its default route.
    #[tokio::test(start_paused = true)]
    async fn a_look_does_not_tell_that_default_routes_are_there() {
        let with = |keys: &[(&str, &str)]| {
            let keys = keys.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            let port = Port { external_ids: keys.collect(), ..Port::default() };
            Remembered { port: std::sync::Arc::new(port), ..what() }
        };
        let id = "ab".repeat(32);
        let plain = [("container_id", &*id), ("container_iface", "eth0")];
        let routed = [&plain[..], &[("docker-ovs.gateway", "192.0.2.1")]].concat();
        for start in [Start::First, Start::New] {
            let owner = || Some((ContainerId(id.as_str().into()), 7));
            let mut owed = OwedAttachment::of(with(&plain), owner(), start);
            assert!(!is_due(&mut owed, RestoreNeed::Nothing));
            assert_eq!(owed.next(), None, "{start:?}: it is whole");
            let mut owed = OwedAttachment::of(with(&routed), owner(), start);
            assert!(!is_due(&mut owed, RestoreNeed::Nothing));
            assert_eq!(owed.row(), None, "nothing is known to be open");
            advance(RETRY_AFTER).await;
            assert!(is_due(&mut owed, RestoreNeed::Nothing), "{start:?}: an attempt looks");
            owed.came_to(Some(&Done::As(RestoreAction::There)));
            advance(ASK_AT_LEAST * 2).await;
            assert!(!is_due(&mut owed, RestoreNeed::Nothing), "{start:?}: once");
            // What is taken away by hand before that stays away.
            let mut owed = OwedAttachment::of(with(&routed), owner(), start);
            assert!(!is_due(&mut owed, RestoreNeed::Nothing));
            advance(RETRY_AFTER).await;
            assert!(!is_due(&mut owed, RestoreNeed::Missing));
            assert_eq!(owed.next(), None, "{start:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_may_be_older_than_the_container_settles_nothing() {
        let mut owed = owed();
        assert!(!is_due(&mut owed, RestoreNeed::Nothing), "its old link may be seen still");
        assert_eq!(owed.row(), None, "nothing is known to be open");
        assert!(is_due(&mut owed, RestoreNeed::Missing), "now that is gone");
        owed.came_to(Some(&Done::As(RestoreAction::There)));
        assert_eq!(owed.next(), None);
        let mut whole = self::owed();
        advance(RETRY_AFTER).await;
        assert!(is_due(&mut whole, RestoreNeed::Nothing), "it is asked");
        let mut first = OwedAttachment::of(what(), whole.owner, Start::First);
        assert!(!is_due(&mut first, RestoreNeed::Nothing));
        assert_eq!(first.next(), None, "what is taken by hand now stays away");
    }

    #[tokio::test(start_paused = true)]
    async fn another_port_of_the_database_is_noticed_once_nothing_is_open() {
        let on = |iface: &str| {
            let port = Port { iface: iface.into(), ..Port::default() };
            Remembered { port: std::sync::Arc::new(port), ..what() }
        };
        let is_other = |owed: &OwedAttachment, now: &Remembered| {
            owed.is_of_another_port(now, owed.owner.as_ref())
        };
        let mut owed = owed();
        assert!(!is_other(&owed, &on("dov-1")), "an attempt makes and undoes ports");
        owed.settle();
        owed.sees(on("dov-1"));
        assert!(!is_other(&owed, &on("dov-1")));
        assert!(is_other(&owed, &on("dov-2")));
        let restarted = owed.owner.clone().map(|(id, since)| (id, since + 1));
        for owner in [None, restarted] {
            assert!(!owed.is_of_another_port(&on("dov-2"), owner.as_ref()), "the start counts");
        }
        let deleted = Remembered { port_is_gone: true, ..on("dov-2") };
        assert!(!is_other(&owed, &deleted), "what is taken by hand stays away");
        owed.hides_another();
        assert!(!is_other(&owed, &on("dov-2")), "it was there before");
        let mut owed = self::owed();
        owed.settle();
        owed.sees(deleted);
        assert!(!is_other(&owed, &on("dov-3")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_ends_it_unless_it_is_for_what_was_not_seen() {
        let refused = |plan_error| Done::As(RestoreAction::Refused(plan_error));
        let undecided = PlanError::Undecided { what: "it".to_owned(), why: "blind".to_owned() };
        let mut owed = owed();
        owed.came_to(Some(&refused(undecided)));
        assert!(owed.next().is_some());
        owed.came_to(Some(&refused(PlanError::HostNetwork { name: "web".to_owned() })));
        assert!(owed.next().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_in_doubt_is_owed_and_asked_about_again() {
        let mut owed = owed();
        assert!(!is_due(&mut owed, RestoreNeed::Doubtful), "it may become clear by itself");
        assert_eq!(owed.row().unwrap().reason, "it is away");
        advance(RETRY_AFTER).await;
        assert!(is_due(&mut owed, RestoreNeed::Doubtful));
        let doubt = RestoreAction::NotToBeTouched { why: "who knows".to_owned() };
        for _ in 0..10 {
            owed.came_to(Some(&Done::As(doubt.clone())));
            advance(ASK_AT_LEAST).await;
            assert!(is_due(&mut owed, RestoreNeed::Doubtful));
        }
        owed.came_to(Some(&Done::As(doubt)));
        assert!(is_due(&mut owed, RestoreNeed::Missing), "what is clear now is made at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_returns_ends_the_wait() {
        let mut owed = owed();
        for _ in 0..10 {
            owed.failed(&"no answer");
        }
        owed.hurry();
        assert!(is_due(&mut owed, RestoreNeed::Missing));
        owed.came_to(None);
        owed.hurry();
        assert!(owed.next().is_none(), "what is not owed any more is not asked for again");
    }
}
