//! A question's own restriction comes before ambiguity: where a bridge was named, a port of another
//! one is no other answer.

use std::borrow::Cow;

use crate::evidence::{Evidence, Note};
use crate::switch::OfPortState;
use crate::wiring::{Attachment, AttachmentState, PortRef, SwitchPort, Wiring};

impl Attachment {
    /// The same as an answer to a question about some ports alone, those that are `asked` about:
    /// of several that fit equally well only those count. What fits elsewhere is a note.
    pub fn narrowed_to(
        &self,
        wiring: &Wiring,
        asked: impl Fn(&PortRef) -> bool,
    ) -> Cow<'_, Attachment> {
        let (here, elsewhere): (Vec<_>, Vec<_>) =
            self.candidates.iter().cloned().partition(|port| asked(port));
        if here.is_empty() || elsewhere.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut narrowed = self.clone();
        narrowed.notes.retain(|note| !matches!(note, Note::Ambiguous { .. }));
        let notes = match here.as_slice() {
            [one] => {
                let row = wiring.port(one);
                narrowed.evidence.extend(row.iter().flat_map(|row| numbers(row)));
                narrowed.port = AttachmentState::from(one.clone());
                narrowed.candidates = Vec::new();
                row.map(|row| row.notes.clone()).unwrap_or_default()
            }
            several => {
                let candidates = labels(several);
                narrowed.candidates = here;
                vec![Note::Ambiguous { candidates }]
            }
        };
        narrowed.notes.extend(notes);
        narrowed.notes.push(Note::FitsElsewhere { candidates: labels(&elsewhere) });
        Cow::Owned(narrowed)
    }

    /// The same as an answer to a question about a bridge or fake bridge.
    pub fn on_bridge(&self, wiring: &Wiring, bridge: Option<&str>) -> Cow<'_, Attachment> {
        match bridge {
            Some(bridge) => self.narrowed_to(wiring, |port| port.is_on(bridge)),
            None => Cow::Borrowed(self),
        }
    }
}

impl Wiring {
    /// The switch's row of a port. Rows are in the order that `resolve` gives them: by bridge, number
    /// and interface.
    pub fn port(&self, of: &PortRef) -> Option<&SwitchPort> {
        let place = (&of.bridge, of.ofport.assigned(), &of.iface);
        let at = self.ports.binary_search_by_key(&place, |row| {
            (&row.bridge, row.port.ofport.assigned(), &row.port.iface)
        });
        self.ports.get(at.ok()?)
    }
}

impl From<PortRef> for AttachmentState {
    fn from(port: PortRef) -> Self {
        match port.ofport {
            OfPortState::Assigned(_) => Self::On(port),
            OfPortState::Pending => Self::Pending(port),
            OfPortState::Failed => Self::Failed(port),
        }
    }
}

/// As `bridge/interface`, in order.
pub(crate) fn labels(ports: &[PortRef]) -> Vec<String> {
    let mut labels: Vec<_> =
        ports.iter().map(|port| format!("{}/{}", port.bridge, port.iface)).collect();
    labels.sort();
    labels
}

fn numbers(row: &SwitchPort) -> impl Iterator<Item = Evidence> {
    let bridge = &row.bridge;
    let says = row.ofports.iter();
    says.map(|(source, ofport)| Evidence::Number { source, bridge: bridge.clone(), ofport })
}
