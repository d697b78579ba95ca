//! What is no request is answered by hyper itself, with a status and nothing else. Here that answer gets
//! the JSON that every other refusal has. What begins as HTTP/2 does hyper would not answer at all.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Bytes;
use report::v1;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::connections::{MAX_HEADER_BYTES, MAX_HEADERS};
use crate::json::json;

/// Every answer of ours has this.
const OURS: &[u8] = b"x-content-type-options";

/// What every connection of HTTP/2 begins with (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection.
#[derive(Debug)]
pub(crate) struct ErrorBodyStream<S> {
    stream: S,
    /// How much of [`PREFACE`] the client has begun with; none once it has sent something else.
    preface: Option<usize>,
    /// An answer that goes out instead of another one, and how long that was.
    instead: Option<(Bytes, usize)>,
}

impl<S> ErrorBodyStream<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, preface: Some(0), instead: None }
    }
}

impl<S> ErrorBodyStream<S> {
    /// Follows what the client begins with. The last byte of a preface is made another one, so that hyper refuses
    /// it as any other line that is no request.
    fn began(&mut self, read: &mut [u8]) {
        for byte in read {
            let Some(known) = self.preface else { return };
            self.preface = PREFACE.get(known).filter(|next| **next == *byte).map(|_| known + 1);
            if self.preface == Some(PREFACE.len()) {
                *byte = b' ';
                self.preface = None;
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> ErrorBodyStream<S> {
    /// Writes what goes out instead of `written`, if anything does.
    fn poll_instead(
        &mut self,
        cx: &mut Context<'_>,
        written: &[u8],
    ) -> Poll<Option<io::Result<usize>>> {
        if self.instead.is_none() {
            self.instead = explained(written).map(|text| (text, written.len()));
        }
        while let Some((text, length)) = &mut self.instead {
            if text.is_empty() {
                let length = *length;
                self.instead = None;
                return Poll::Ready(Some(Ok(length)));
            }
            match ready!(Pin::new(&mut self.stream).poll_write(cx, text)) {
                Ok(0) => return Poll::Ready(Some(Err(io::ErrorKind::WriteZero.into()))),
                Ok(count) => drop(text.split_to(count)),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        Poll::Ready(None)
    }
}

/// The answer with its reason, where `written` is a refusal that is not ours.
pub(super) fn explained(written: &[u8]) -> Option<Bytes> {
    // A client of HTTP/1.0 is answered in that.
    let is_refusal = [b"HTTP/1.1 4", b"HTTP/1.0 4"].iter().any(|begin| written.starts_with(*begin));
    if !is_refusal || !written.ends_with(b"\r\n\r\n") {
        return None;
    }
    if written.windows(OURS.len()).any(|window| window == OURS) {
        return None;
    }
    let line = std::str::from_utf8(written).ok()?.lines().next()?;
    let message = match line.get(9..12)? {
        "414" => "the request's target is too long".to_owned(),
        "431" => format!(
            "the head of the request has more than {} KiB or {MAX_HEADERS} lines",
            MAX_HEADER_BYTES >> 10
        ),
        _ => "this is no request of HTTP/1.1 (RFC 9112)".to_owned(),
    };
    let body = json(&v1::Error { message, hint: None });
    let text = format!(
        "{line}\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n\
         referrer-policy: no-referrer\r\ncross-origin-resource-policy: same-origin\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    Some(text.into())
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ErrorBodyStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        written: &[u8],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.poll_instead(cx, written)) {
            Some(result) => Poll::Ready(result),
            None => Pin::new(&mut self.stream).poll_write(cx, written),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        written: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = written.iter().find(|slice| !slice.is_empty());
        match ready!(self.poll_instead(cx, first.map_or(&[], |slice| slice))) {
            Some(result) => Poll::Ready(result),
            None => Pin::new(&mut self.stream).poll_write_vectored(cx, written),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ErrorBodyStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        read: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = read.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, read))?;
        if self.preface.is_some() {
            self.began(read.filled_mut().get_mut(before..).unwrap_or_default());
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::Body;
    use axum::http::Response;
    use hyper::server::conn::http1::Builder;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    async fn passes(text: &str) -> String {
        // Smaller than the answer, so that it goes out piece by piece.
        let (ours, mut theirs) = duplex(16);
        let text = text.to_owned();
        let writes = async move {
            let mut stream = ErrorBodyStream::new(ours);
            stream.write_all(text.as_bytes()).await.unwrap();
        };
        let mut read = String::new();
        let ((), read_all) = tokio::join!(writes, theirs.read_to_string(&mut read));
        read_all.unwrap();
        read
    }

    #[tokio::test]
    async fn an_empty_refusal_gets_its_reason() {
        let empty = "HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
        let answer = passes(empty).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{head}");
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{head}");
        assert!(body.contains("more than 16 KiB or 64 lines"), "{body}");
    }

    #[tokio::test]
    async fn a_client_of_an_earlier_version_gets_it_too() {
        let answer = passes("HTTP/1.0 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.0 400 Bad Request\r\n"), "{answer}");
        assert!(answer.contains("this is no request of HTTP/1.1"), "{answer}");
    }

    /// Read in pieces of `size` bytes by hyper, as a connection of the daemon is.
    async fn answered(text: &[u8], size: usize) -> String {
        let (ours, theirs) = duplex(size);
        let service =
            service_fn(|_| async { Ok::<_, Infallible>(Response::new(Body::from("a request"))) });
        let io = TokioIo::new(ErrorBodyStream::new(ours));
        let serve = async move {
            // The connection ends with it.
            let _ = Builder::new().keep_alive(false).serve_connection(io, service).await;
        };
        let (mut read, mut write) = tokio::io::split(theirs);
        let mut answer = String::new();
        // What is not read any more cannot be written.
        let asks = async { _ = write.write_all(text).await };
        let ((), (), read) = tokio::join!(serve, asks, read.read_to_string(&mut answer));
        read.unwrap();
        answer
    }

    #[tokio::test]
    async fn what_begins_as_http2_does_is_refused_in_words() {
        for size in [1, 7, 24, 1000] {
            let text = [PREFACE, b"\0\0\x12\x04\0\0\0\0\0"].concat();
            let answer = answered(&text, size).await;
            assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{size}: {answer}");
            assert!(
                answer.ends_with("{\"message\":\"this is no request of HTTP/1.1 (RFC 9112)\"}")
            );
            let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
            let answer = answered(request, size).await;
            assert!(answer.ends_with("a request"), "{size}: {answer}");
        }
    }

    #[tokio::test]
    async fn all_else_passes() {
        for text in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\nx-content-type-options: nosniff\r\n\r\n",
            "HTTP/1.1 404 Not Found",
            "HTTP/1.1 4",
        ] {
            assert_eq!(passes(text).await, text);
        }
    }
}
