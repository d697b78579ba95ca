//! A long answer makes room for others: all clients share one thread.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// After so many bytes it is another client's turn.
const TURN: usize = 256 << 10;

/// A connection.
#[derive(Debug)]
pub(crate) struct FairStream<S> {
    stream: S,
    /// Whether its turn is over.
    is_over: bool,
}

impl<S> FairStream<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, is_over: false }
    }

    /// Whether it may write now; if not, it is woken once the others had their turn.
    fn has_turn(&mut self, cx: &Context<'_>) -> bool {
        let is_over = std::mem::take(&mut self.is_over);
        if is_over {
            cx.waker().wake_by_ref();
        }
        !is_over
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.is_over = matches!(written, Poll::Ready(Ok(count)) if count >= TURN);
        written
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FairStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        text: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.has_turn(cx) {
            return Poll::Pending;
        }
        let text = text.get(..TURN).unwrap_or(text);
        let written = Pin::new(&mut self.stream).poll_write(cx, text);
        self.wrote(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        texts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if texts.iter().map(|text| text.len()).sum::<usize>() > TURN {
            let mut left = TURN;
            let mut turn = Vec::with_capacity(texts.len());
            for text in texts {
                let part = text.get(..left).unwrap_or(text);
                left -= part.len();
                turn.push(IoSlice::new(part));
            }
            return self.poll_write_vectored(cx, &turn);
        }
        if !self.has_turn(cx) {
            return Poll::Pending;
        }
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, texts);
        self.wrote(written)
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

impl<S: AsyncRead + Unpin> AsyncRead for FairStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        read: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, read)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_long_answer_is_written_turn_by_turn_and_whole() {
        let (ours, mut theirs) = duplex(1 << 20);
        let (head, body) = (vec![b'h'; 100], vec![b'b'; 3 * TURN]);
        let (mut stream, mut sent, mut turns) = (FairStream::new(ours), 0, 0);
        let all: Vec<u8> = head.iter().chain(&body).copied().collect();
        while sent < all.len() {
            let (first, second) = all.split_at(sent.max(head.len()));
            let texts = [IoSlice::new(first.get(sent..).unwrap_or_default()), IoSlice::new(second)];
            let count = poll_fn(|cx| Pin::new(&mut stream).poll_write_vectored(cx, &texts)).await;
            let count = count.unwrap();
            assert!((1..=TURN).contains(&count));
            (sent, turns) = (sent + count, turns + 1);
        }
        assert_eq!(turns, 4);
        drop(stream);
        let mut read = Vec::new();
        theirs.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, all);
    }
}
