//! Reading keys, page by page.

use prost::bytes::Bytes;

use crate::messages::{self, RangeRequest, RangeResponse, ResponseHeader, method};
use crate::{Client, Error};

/// So many keys are read at once.
const PAGE: i64 = 1000;

/// Where the cluster was when it answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Which cluster.
    pub cluster_id: u64,
    /// How many changes it has seen. One that goes backwards was restored from a copy.
    pub revision: i64,
    /// How many elections it has seen.
    pub raft_term: u64,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// The key.
    pub key: Bytes,
    /// Its value.
    pub value: Bytes,
    /// The revision that made it.
    pub create_revision: i64,
    /// The revision that changed it last.
    pub mod_revision: i64,
    /// Its lease, or 0.
    pub lease: i64,
}

/// Some of the keys of a range, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where the cluster was.
    pub header: Header,
    /// The keys.
    pub rows: Vec<KeyValue>,
    /// Where to go on; none where these were the last.
    pub next: Option<Bytes>,
}

/// The first key behind all that begin with `prefix`; `\0`, which is the end of all keys, where
/// there is none.
pub fn after_prefix(prefix: &str) -> Bytes {
    let mut end = prefix.as_bytes().to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end.into();
        }
    }
    Bytes::from_static(b"\0")
}

impl Client {
    /// The value of one key, and where the cluster was.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn get(&self, key: &str) -> Result<(Option<KeyValue>, Header), Error> {
        let key = Bytes::copy_from_slice(key.as_bytes());
        let request = RangeRequest { key, ..RangeRequest::default() };
        let mut told: RangeResponse = self.ask(method::RANGE, &request).await?;
        Ok((told.kvs.pop().map(KeyValue::from), told.header.into()))
    }

    /// The keys of `prefix` from `from` on, as of `revision`, or as of now where that is 0. Where the
    /// next page begins is told with each.
    ///
    /// # Errors
    /// [`Error::Compacted`] where `revision` is too old.
    pub async fn page(
        &self,
        prefix: &str,
        from: Option<Bytes>,
        revision: i64,
    ) -> Result<Page, Error> {
        let key = from.unwrap_or_else(|| Bytes::copy_from_slice(prefix.as_bytes()));
        let range_end = after_prefix(prefix);
        let request = RangeRequest { key, range_end, limit: PAGE, revision };
        let told: RangeResponse = self.ask(method::RANGE, &request).await?;
        let rows: Vec<_> = told.kvs.into_iter().map(KeyValue::from).collect();
        let next = told.more.then(|| rows.last().map(|last| after(&last.key))).flatten();
        Ok(Page { header: told.header.into(), rows, next })
    }

    /// All keys of `prefix` at one revision.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn list(&self, prefix: &str) -> Result<(Vec<KeyValue>, Header), Error> {
        let mut page = self.page(prefix, None, 0).await?;
        let (header, mut rows) = (page.header, page.rows);
        while let Some(next) = page.next.take() {
            page = self.page(prefix, Some(next), header.revision).await?;
            rows.append(&mut page.rows);
        }
        Ok((rows, header))
    }
}

/// The smallest key behind `key`.
fn after(key: &[u8]) -> Bytes {
    [key, b"\0"].concat().into()
}

impl From<Option<ResponseHeader>> for Header {
    fn from(header: Option<ResponseHeader>) -> Self {
        let ResponseHeader { cluster_id, revision, raft_term } = header.unwrap_or_default();
        Self { cluster_id, revision, raft_term }
    }
}

impl From<messages::KeyValue> for KeyValue {
    fn from(row: messages::KeyValue) -> Self {
        Self {
            key: row.key,
            value: row.value,
            create_revision: row.create_revision,
            mod_revision: row.mod_revision,
            lease: row.lease,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_behind_its_prefix() {
        assert_eq!(after_prefix("/a/"), "/a0");
        assert_eq!(after_prefix(""), "\0");
        assert_eq!(after(b"/a"), "/a\0");
    }
}
