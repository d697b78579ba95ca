//! One conversation with a switch.

use std::{fmt, io};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};

use crate::codec::{ERROR, HELLO, Header, Message, OfError, Request};
use crate::error::Error;
use crate::version::{Version, Versions};

pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Stream for S {}

/// A connection on which a version was agreed on.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: BufReader<Box<dyn Stream>>,
    /// The message being read.
    incoming: Vec<u8>,
    /// What is still to be written, so that several requests go out in one write.
    outgoing: Vec<u8>,
    next_xid: u32,
    offered: Versions,
    /// What the switch's HELLO says, once it has come.
    supported: Option<Versions>,
    /// The transaction id of a request whose one reply may come before it is awaited, and
    /// that reply.
    kept: Option<(u32, Option<Message>)>,
    pub(crate) version: Version,
}

impl Connection {
    /// Exchanges HELLOs (1.3.5 section 6.3.1).
    pub(crate) async fn handshake(
        stream: Box<dyn Stream>,
        offered: Versions,
    ) -> Result<Self, Error> {
        let highest = offered.highest_common(offered).ok_or(Error::NothingOffered)?;
        let stream = BufReader::new(stream);
        let mut this = Self {
            stream,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            next_xid: 1,
            offered,
            supported: None,
            kept: None,
            version: highest,
        };
        this.queue(Request::Hello(offered));
        let sent = this.flush().await;
        // Where the switch hung up before it read our HELLO, it may still have said why.
        let supported = this.first_message().await?;
        sent?;
        this.supported = Some(supported);
        let Some(version) = offered.highest_common(supported) else {
            this.queue(Request::HelloFailed);
            // That we fail is certain; whether the switch hears of it is not.
            let _ = this.flush().await;
            return Err(Error::NoCommonVersion { offered, supported });
        };
        this.version = version;
        Ok(this)
    }

    /// The first message: a HELLO, or the ERROR that refuses ours. Of anything else only the
    /// header is read, as its length means nothing.
    async fn first_message(&mut self) -> Result<Versions, Error> {
        let header = self.header().await?;
        if ![HELLO, ERROR].contains(&header.kind) {
            return Err(Error::NotOpenFlow(header.kind));
        }
        match self.body(header).await? {
            Message::Hello(supported) => Ok(supported),
            Message::Error(of_error) => Err(self.hello_refused(of_error)),
            _ => Err(Error::NotOpenFlow(header.kind)),
        }
    }

    fn hello_refused(&self, of_error: OfError) -> Error {
        Error::HelloRefused { offered: self.offered, supported: self.supported, of_error }
    }

    /// Prepares a request, which goes out when a reply is awaited, and returns its
    /// transaction id.
    pub(crate) fn queue(&mut self, request: Request) -> u32 {
        let xid = self.next_xid;
        self.next_xid = xid.wrapping_add(1);
        request.put(&mut self.outgoing, self.version, xid);
        xid
    }

    /// Has the reply to `xid`, which is one message, kept while another is awaited: a
    /// switch may answer in any order (1.3.5 section 6.2).
    pub(crate) fn keep_reply_to(&mut self, xid: u32) {
        self.kept = Some((xid, None));
    }

    /// Waits for the next message that bears `xid`; messages that bear another are dropped,
    /// except for the one to be kept.
    pub(crate) async fn reply(&mut self, xid: u32) -> Result<Message, Error> {
        if let Some((_, Some(message))) = self.kept.take_if(|(kept, _)| *kept == xid) {
            return Ok(message);
        }
        loop {
            let (got, message) = self.receive().await?;
            if got == xid {
                return Ok(message);
            }
            self.keep(got, message);
        }
    }

    fn keep(&mut self, xid: u32, message: Message) {
        let is_reply = matches!(message, Message::Features(..) | Message::Error(_));
        if let Some((kept, reply)) = &mut self.kept
            && *kept == xid
            && is_reply
        {
            *reply = Some(message);
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.outgoing).await?;
        self.outgoing.clear();
        self.stream.flush().await
    }

    /// The next message that is none of the connection's own business, with its
    /// transaction id.
    async fn receive(&mut self) -> Result<(u32, Message), Error> {
        loop {
            let sent = self.flush().await;
            // Where the switch hung up before it read our request, it may still have said why.
            let (xid, message) = match self.message().await {
                Ok(received) => received,
                Err(error) => return Err(sent.err().map_or(error, Error::Io)),
            };
            match message {
                Message::EchoRequest(payload) => {
                    Request::EchoReply(&payload).put(&mut self.outgoing, self.version, xid);
                }
                // Its transaction id need not be that of our HELLO: Open vSwitch sends 0.
                Message::Error(of_error) if of_error.is_of_hello() => {
                    return Err(self.hello_refused(of_error));
                }
                message => return Ok((xid, message)),
            }
        }
    }

    /// The next message of the agreed version, with its transaction id.
    async fn message(&mut self) -> Result<(u32, Message), Error> {
        let header = self.header().await?;
        // A switch may complain of a version in another one.
        if header.version != self.version as u8 && header.kind != ERROR {
            return Err(Error::WrongVersion { agreed: self.version, got: header.version });
        }
        Ok((header.xid, self.body(header).await?))
    }

    async fn header(&mut self) -> Result<Header, Error> {
        if self.stream.fill_buf().await?.is_empty() {
            return Err(Error::HungUp { mid_message: false });
        }
        self.incoming.resize(Header::LENGTH, 0);
        self.stream.read_exact(&mut self.incoming).await.map_err(mid_message)?;
        Ok(Header::parse(&self.incoming)?)
    }

    /// The message whose header was just read.
    async fn body(&mut self, header: Header) -> Result<Message, Error> {
        self.incoming.resize(header.length, 0);
        let body = self.incoming.get_mut(Header::LENGTH..).unwrap_or_default();
        self.stream.read_exact(body).await.map_err(mid_message)?;
        Ok(Message::parse(&self.incoming)?)
    }
}

fn mid_message(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::HungUp { mid_message: true },
        _ => Error::Io(error),
    }
}
