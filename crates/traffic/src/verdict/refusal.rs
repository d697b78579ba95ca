//! Why the destination does not take a packet.

/// Why the destination does not take a packet.
pub(super) struct Refusal {
    pub(super) text: String,
    pub(super) certain: bool,
}

impl Refusal {
    pub(super) fn sure(text: String) -> Self {
        Self { text, certain: true }
    }

    pub(super) fn unsure(text: String) -> Self {
        Self { text, certain: false }
    }
}
