//! In which bridge each pass of an `ofproto/trace` goes on.
//!
//! A packet that is recirculated goes on in the bridge where that was done, which may be one behind a patch port.
//! `bridge("br0")` above its pass does not tell: vswitchd writes there the bridge that was asked about, whichever it
//! is (`xlate_actions` of ofproto/ofproto-dpif-xlate.c writes it before it takes the frozen one). But it tells of each
//! copy where it is made, and the passes come in that order (`ofproto_trace` of ofproto/ofproto-dpif-trace.c).

use std::collections::VecDeque;

/// How the line begins that tells of a copy (`compose_recirculate_and_fork`).
pub(crate) const FORKED: &str = "-> A clone of the packet is forked to recirculate.";

/// So many copies are waited for: as many as vswitchd traces, which stops at 4096.
const MOST_FORKED: usize = 4096;
/// A bridge whose name is longer, in bytes, is not known.
const LONGEST_NAME: usize = 255;

/// The passes of a trace as far as they have come.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    /// The bridge that was asked about, by its name.
    first: Option<String>,
    /// Where the copies go on whose pass has not come yet; none for the bridge that was asked about, and the empty
    /// name where it is not known.
    forked: VecDeque<Option<String>>,
    /// The same of the present pass.
    present: Option<String>,
    stage: Stage,
    /// Whether a pass of which no copy was told may be of another bridge than the one that was asked about.
    is_elsewhere: bool,
    /// Whether copies were told that are not waited for: which pass is whose is not known any more.
    is_lost: bool,
}

/// How much of a pass has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// No bridge yet.
    #[default]
    Begins,
    /// Its first bridge, at least.
    Inside,
    /// That it is one more pass of the same packet, but not its flow.
    Announced,
}

impl Passes {
    /// The flow comes that a pass begins with. It is that of another trace where nothing announced it.
    pub(crate) fn begin(&mut self) {
        if self.stage != Stage::Announced {
            *self = Self::default();
        }
        self.stage = Stage::Begins;
    }

    /// A bridge comes by this name; how it is called that it is.
    pub(crate) fn enter<'a>(&'a mut self, written: &'a str) -> &'a str {
        let is_inside = std::mem::replace(&mut self.stage, Stage::Inside) == Stage::Inside;
        let first = self.first.get_or_insert_with(|| written.to_owned());
        self.is_elsewhere |= *first != *written;
        if is_inside { written } else { self.present.as_deref().unwrap_or(written) }
    }

    /// The present pass has come to its end: what comes before the next one is of no pass.
    pub(crate) fn end(&mut self) {
        self.stage = Stage::Inside;
    }

    /// A copy is made in this bridge, the innermost one that the text is in.
    pub(crate) fn fork(&mut self, bridge: Option<&str>) {
        self.is_lost |= self.forked.len() >= MOST_FORKED;
        if self.is_lost {
            self.forked.clear();
            return;
        }
        let other = bridge.filter(|name| Some(*name) != self.first.as_deref());
        let named = |name: &str| if name.len() > LONGEST_NAME { "" } else { name }.to_owned();
        self.forked.push_back(other.map(named));
    }

    /// The pass of the next copy is announced.
    pub(crate) fn resume(&mut self) {
        let untold = (self.is_lost || self.is_elsewhere).then(String::new);
        self.present = self.forked.pop_front().unwrap_or(untold);
        self.stage = Stage::Announced;
    }

    /// The bridge in which the present pass goes on, where it is not the one that was asked about. It is empty where it
    /// is not known.
    pub(crate) fn elsewhere(&self) -> Option<&str> {
        self.present.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bridge of the next pass, below the name that is written.
    fn next(passes: &mut Passes, written: &str) -> String {
        passes.resume();
        passes.begin();
        let of_flow = passes.elsewhere().map(str::to_owned);
        let entered = passes.enter(written).to_owned();
        assert_eq!(entered, of_flow.unwrap_or_else(|| written.to_owned()));
        entered
    }

    #[test]
    fn passes_come_in_the_order_of_their_copies() {
        let mut passes = Passes::default();
        passes.begin();
        assert_eq!(passes.enter("br0"), "br0");
        passes.fork(Some("br0"));
        assert_eq!(passes.enter("br1"), "br1");
        passes.fork(Some("br1"));
        assert_eq!(next(&mut passes, "br0"), "br0");
        // One that is made in a later pass comes after those that wait.
        passes.fork(Some("br2"));
        assert_eq!(next(&mut passes, "br0"), "br1");
        assert_eq!(next(&mut passes, "br0"), "br2");
        // None is told of, and the packet was in several bridges.
        assert_eq!(next(&mut passes, "br0"), "");
        // Another trace.
        passes.begin();
        assert_eq!(passes.elsewhere(), None);
        assert_eq!(passes.enter("br1"), "br1");
        assert_eq!(next(&mut passes, "br1"), "br1");
    }

    #[test]
    fn no_more_is_held_than_vswitchd_traces() {
        let mut passes = Passes::default();
        passes.begin();
        passes.enter("br0");
        passes.fork(Some(&"b".repeat(300)));
        assert_eq!(next(&mut passes, "br0"), "");
        for _ in 0..10_000 {
            passes.fork(Some("br1"));
            assert!(passes.forked.len() <= MOST_FORKED);
        }
        assert_eq!(next(&mut passes, "br0"), "");
    }
}
