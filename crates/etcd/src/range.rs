//! Reading keys, page by page.
//!
//! What there is was written by others, as many keys and as long values as etcd takes: a page has as many
//! keys as an answer has room for, a value that has none even alone is left out, and of a list only that is
//! kept which the caller makes of it.

use grpc::Items;
use prost::Message;
use prost::bytes::Bytes;

use crate::messages::{self, RANGE_KVS, RangeRequest, RangeResponse, ResponseHeader, method};
use crate::{Client, Error};

/// So many keys are read at once, unless their values are too long for that.
const PAGE: usize = 1_000;
/// So many keys of a list are kept.
const MAX_KEYS: usize = 1 << 18;

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
    /// Its value; empty where it is longer than an answer may be.
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
    /// Where the cluster was that had these keys.
    pub header: Header,
    /// The keys.
    pub rows: Vec<KeyValue>,
}

/// The keys of a range that are not read yet, all as of one revision.
#[derive(Debug)]
pub struct Pages<'c> {
    client: &'c Client,
    /// Where to go on; none behind the last page.
    from: Option<Bytes>,
    end: Bytes,
    revision: i64,
    /// So many keys are asked for.
    limit: usize,
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
        let answer = self.bytes(method::RANGE, &request).await?;
        let (told, mut rows) = read(&answer, 1)?;
        Ok((rows.pop(), told.header.into()))
    }

    /// The keys of `prefix` as of `revision`, or as of the first page where that is 0.
    pub fn pages(&self, prefix: &str, revision: i64) -> Pages<'_> {
        let from = Some(Bytes::copy_from_slice(prefix.as_bytes()));
        Pages { client: self, from, end: after_prefix(prefix), revision, limit: PAGE }
    }

    /// What `read` makes of each key of `prefix` at one revision. Nothing else of them is kept.
    ///
    /// # Errors
    /// [`Error`]; [`Error::TooMany`] where that is more than is kept.
    pub async fn list<T>(
        &self,
        prefix: &str,
        mut read: impl FnMut(KeyValue) -> Option<T>,
    ) -> Result<(Vec<T>, Header), Error> {
        let mut pages = self.pages(prefix, 0);
        let (mut all, mut header) = (Vec::new(), None);
        while let Some(page) = pages.next().await? {
            all.extend(page.rows.into_iter().filter_map(&mut read));
            if all.len() > MAX_KEYS {
                return Err(Error::TooMany(MAX_KEYS));
            }
            header.get_or_insert(page.header);
        }
        Ok((all, header.unwrap_or_default()))
    }
}

impl Pages<'_> {
    /// As of which revision they are; 0 where that is the one of the first page, which was not read yet.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// The next page; none behind the last one.
    ///
    /// # Errors
    /// [`Error::Compacted`] where the revision is too old.
    pub async fn next(&mut self) -> Result<Option<Page>, Error> {
        let Some(from) = self.from.clone() else { return Ok(None) };
        let (told, rows) = self.as_much_as_fits(&from).await?;
        if rows.first().is_some_and(|first| first.key < from) || !is_in_order(&rows) {
            return Err(Error::Garbled("keys that are not in order".to_owned()));
        }
        self.from = match (told.more, rows.last()) {
            (true, Some(last)) => Some(after(&last.key)),
            (true, None) => return Err(Error::Garbled("more keys, and none of them".to_owned())),
            (false, _) => None,
        };
        let header = Header::from(told.header);
        if self.revision == 0 {
            self.revision = header.revision;
        }
        Ok(Some(Page { header: Header { revision: self.revision, ..header }, rows }))
    }

    /// As many keys as an answer has room for; a key without its value where it has none for that.
    async fn as_much_as_fits(
        &mut self,
        from: &Bytes,
    ) -> Result<(RangeResponse, Vec<KeyValue>), Error> {
        loop {
            match self.ask(from, self.limit, false).await {
                Err(error) if error.is_out_of_range() && self.limit > 1 => {
                    self.limit = (self.limit / 10).max(1);
                }
                Err(error) if error.is_out_of_range() => {
                    let told = self.ask(from, 1, true).await?;
                    let Header { revision, .. } = told.0.header.into();
                    if self.revision > 0 || revision == 0 {
                        return Ok(told);
                    }
                    // Of that revision it is not known yet whether the value is too long.
                    self.revision = revision;
                }
                Err(error) => return Err(error),
                Ok(told) => {
                    // Those behind may be short again.
                    self.limit = (self.limit * 2).min(PAGE);
                    return Ok(told);
                }
            }
        }
    }

    async fn ask(
        &self,
        from: &Bytes,
        limit: usize,
        keys_only: bool,
    ) -> Result<(RangeResponse, Vec<KeyValue>), Error> {
        let request = RangeRequest {
            key: from.clone(),
            range_end: self.end.clone(),
            limit: i64::try_from(limit).unwrap_or(i64::MAX),
            revision: self.revision,
            keys_only,
        };
        let answer = self.client.bytes(method::RANGE, &request).await?;
        read(&answer, limit)
    }
}

/// An answer of at most `most` keys.
pub(crate) fn read(answer: &Bytes, most: usize) -> Result<(RangeResponse, Vec<KeyValue>), Error> {
    let told = RangeResponse::decode(answer.clone())?;
    let mut rows = Vec::new();
    for row in Items::of(answer.clone(), RANGE_KVS) {
        if rows.len() == most {
            return Err(Error::Garbled(format!("more than {most} keys")));
        }
        let row = messages::KeyValue::decode(row?)?;
        rows.push(KeyValue::from(row));
    }
    Ok((told, rows))
}

fn is_in_order(rows: &[KeyValue]) -> bool {
    rows.is_sorted_by(|one, next| one.key < next.key)
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

    #[test]
    fn an_answer_with_more_keys_than_were_asked_for_is_refused() {
        let empty = |count: usize| Bytes::from([0x12, 0].repeat(count));
        assert_eq!(read(&empty(PAGE), PAGE).unwrap().1.len(), PAGE);
        for (count, most) in [(PAGE + 1, PAGE), (8_000_000, PAGE), (2, 1)] {
            let told = read(&empty(count), most);
            assert!(matches!(told, Err(Error::Garbled(_))), "{count} of {most}");
        }
        assert!(read(&Bytes::from_static(&[0x12, 5, 1]), PAGE).is_err());
    }
}
