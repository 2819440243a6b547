//! One connection, from its accept to its end: HTTP/1.1 over whatever carries bytes, with a limit for each thing that is
//! waited for.

use super::crowd::{Phase, Seat};
use super::discovery::MAX_BODY;
use crate::scim::error::ScimError;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep, timeout};

/// The body of an answer.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An answer with its body.
pub(super) type Response = hyper::Response<Body>;

/// Bytes of a head: room for the longest URI there can be (64 KB) and as much of header fields.
const MAX_HEAD: usize = 128 << 10;

/// How long a connection without a request is kept when the server stops: what was sent already may still be read.
const LAST_CALL: Duration = Duration::from_millis(50);

/// Answers the requests of one connection until either side closes it, a limit is reached, others need its place, or
/// `stopping` closes. `opened` is what makes it ready to carry HTTP, such as a TLS handshake. `answer` gets the head of each
/// request, and its body or why it could not be read.
pub(super) async fn serve<I, F>(
    seat: Seat,
    opened: impl Future<Output = io::Result<I>>,
    mut stopping: watch::Receiver<()>,
    answer: impl Fn(Parts, Result<Vec<u8>, ScimError>) -> F,
) where
    I: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = Response>,
{
    let seat = Arc::new(seat);
    let speak = async {
        let Ok(Ok(stream)) = timeout(seat.limits().head, opened).await else { return };
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let (head, body) = request.into_parts();
            let (seat, answer) = (&seat, &answer);
            async move {
                let body = read(body, seat).await;
                seat.enter(Phase::Work);
                let response = answer(head, body).await;
                seat.enter(Phase::Answer);
                let length = response.body().size_hint().lower();
                seat.hold(usize::try_from(length).unwrap_or(usize::MAX));
                Ok::<_, Infallible>(response)
            }
        });
        let stream = Taken { stream, seat: Arc::clone(&seat), late: None };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(seat.limits().head)
            .max_header_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        tokio::select! {
            // How it ended is the client's affair.
            _ = connection.as_mut() => return,
            _ = stopping.changed() => connection.as_mut().graceful_shutdown(),
        }
        if timeout(LAST_CALL, connection.as_mut()).await.is_err() && seat.phase() != Phase::Head {
            let _ = connection.await;
        }
    };
    tokio::select! {
        () = speak => {}
        () = seat.dismissed() => {}
    }
}

/// The whole body. What is too large is read on for a while, so that a client that sends first and reads then gets its
/// answer.
async fn read(body: Incoming, seat: &Seat) -> Result<Vec<u8>, ScimError> {
    if body.is_end_stream() {
        return Ok(Vec::new());
    }
    seat.enter(Phase::Body);
    let limit = seat.limits().body;
    let too_slow = |_| ScimError::plain(408, format!("The whole body has not come within {limit:?}"));
    timeout(limit, collected(body, seat)).await.map_err(too_slow)?
}

async fn collected(mut body: Incoming, seat: &Seat) -> Result<Vec<u8>, ScimError> {
    let (mut kept, mut seen) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ScimError::plain(400, format!("The body breaks off: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        if seen <= MAX_BODY {
            kept.extend_from_slice(&data);
            seat.hold(kept.capacity());
        } else if seen > 4 * MAX_BODY {
            break;
        } else if !kept.is_empty() {
            kept = Vec::new();
            seat.hold(0);
        }
    }
    if seen > MAX_BODY {
        return Err(ScimError::plain(
            413,
            format!("The body is larger than {MAX_BODY} bytes, the most this server reads"),
        ));
    }
    Ok(kept)
}

/// A stream whose other side must take what is written to it in time.
struct Taken<I> {
    stream: I,
    seat: Arc<Seat>,
    /// Runs from when the other side first kept us waiting until it has taken everything.
    late: Option<Pin<Box<Sleep>>>,
}

impl<I> Taken<I> {
    fn in_time<T>(&mut self, context: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_pending() {
            let limit = self.seat.limits().answer;
            let late = self.late.get_or_insert_with(|| Box::pin(sleep(limit)));
            if late.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        done
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Taken<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Taken<I> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when everything was written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.late = None;
            if self.seat.phase() == Phase::Answer {
                self.seat.enter(Phase::Head);
            }
        }
        self.in_time(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.in_time(context, shut)
    }
}
