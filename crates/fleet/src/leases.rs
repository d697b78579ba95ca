//! The leases that rows have: at most a thousand keys each, for etcd is slow in ending larger ones.

use etcd::{Client, Error};

/// How long rows outlive a host that is silent, in seconds.
pub(crate) const TTL: i64 = 15 * 60;
/// So many keys have one lease.
const MAX_KEYS: usize = 1_000;

/// The leases of this host, and how many keys each has.
#[derive(Debug, Default)]
pub(crate) struct Leases(Vec<(i64, usize)>);

impl Leases {
    /// Goes on with a lease of an earlier run; whether it still is one.
    ///
    /// # Errors
    /// etcd does not answer.
    pub(crate) async fn adopt(&mut self, etcd: &Client, lease: i64) -> Result<bool, Error> {
        if let Some((_, keys)) = self.0.iter_mut().find(|(id, _)| *id == lease) {
            *keys += 1;
            return Ok(true);
        }
        if lease == 0 {
            return Ok(false);
        }
        match etcd.keep_alive(lease).await {
            Ok(()) => {
                self.0.push((lease, 1));
                Ok(true)
            }
            Err(Error::LeaseGone) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A lease for one more key.
    ///
    /// # Errors
    /// etcd does not answer, or refuses.
    pub(crate) async fn take(&mut self, etcd: &Client) -> Result<i64, Error> {
        if let Some((id, keys)) = self.0.iter_mut().find(|(_, keys)| *keys < MAX_KEYS) {
            *keys += 1;
            return Ok(*id);
        }
        let id = etcd.grant(TTL).await?;
        self.0.push((id, 1));
        Ok(id)
    }

    /// A key is no more.
    pub(crate) fn give_back(&mut self, lease: i64) {
        if let Some((_, keys)) = self.0.iter_mut().find(|(id, _)| *id == lease) {
            *keys = keys.saturating_sub(1);
        }
    }

    /// Begins the time of each anew.
    ///
    /// # Errors
    /// etcd does not answer, or one has ended.
    pub(crate) async fn keep_alive(&self, etcd: &Client) -> Result<(), Error> {
        for (id, _) in &self.0 {
            etcd.keep_alive(*id).await?;
        }
        Ok(())
    }
}
