//! A packet in the user's words: what it is to conntrack is known once vswitchd has read it.

use flowtext::parse_trace;
use model::SourceError;
use traffic::{End, FirstState, Packet, Verdict};

use super::tracer::PacketTracer;

impl PacketTracer<'_> {
    /// Asks vswitchd about `packet`, once more where conntrack takes it for no new connection and a rule looks at
    /// that, and judges what it says.
    ///
    /// # Errors
    /// vswitchd cannot be asked, or refuses.
    pub(super) async fn raw_leg(
        &self,
        packet: &Packet,
        from: &End,
        to: &End,
    ) -> Result<(Verdict, String), SourceError> {
        let said = self.ask(packet, from).await?;
        let packet = packet.clone();
        let packet = match FirstState::of(&parse_trace(&said)) {
            FirstState::New => packet,
            FirstState::Invalid => {
                let packet = Packet { ct_state: "trk,inv", ..packet };
                return self.leg(self.kind, &packet, from, to).await;
            }
            FirstState::Uncertain(why) => {
                let why = format!("it depends on ct_state, and {why}");
                Packet { doubt: Some(why), ..packet }
            }
        };
        Ok(self.judged(self.kind, &packet, (from, to), &said))
    }
}
