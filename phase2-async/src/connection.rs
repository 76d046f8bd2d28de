//! One connection, from its first byte to its last.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use handler::{Fault, Handler, Stats, Step, answer};
use http1::textbook::{Parser, Progress};
use http1::{Buffer, CONTINUE, Delivery, OwnedRequest, Response, Status, encode};
use server::{Date, Options, ReadDeadline, Transfer, fault_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout_at};

/// Reads one request, answers it, and closes. What goes wrong is counted and ends here.
pub(crate) async fn serve(stream: TcpStream, handler: &impl Handler, options: &Options, stats: &Stats) {
    let mut socket = Socket { stream, options };
    if let Err(error) = serve_request(&mut socket, handler, options, stats).await {
        stats.fault(fault_of(&error));
    }
}

async fn serve_request(
    socket: &mut Socket<'_>,
    handler: &impl Handler,
    options: &Options,
    stats: &Stats,
) -> io::Result<()> {
    let mut input = Buffer::new();
    let mut request = OwnedRequest::new();
    let mut response = Response::new();
    let delivery = match read_request(socket, &mut input, &mut request, options).await? {
        Received::Nothing => return Ok(()),
        Received::Request => {
            let request = request.as_request();
            match answer(handler, &request, &mut response, stats) {
                Step::Reply => {}
                Step::ReplyAfter(delay) => socket.sleep(delay).await?,
            }
            Delivery::closing(&request)
        }
        Received::Broken(fault, delivery, status, explanation) => {
            stats.fault(fault);
            response.become_error(status, explanation);
            delivery
        }
    };
    let mut output = Vec::new();
    encode(&response, delivery, Date::now().as_bytes(), &mut output);
    socket.write_all(&output).await?;
    socket.drain(&mut input).await;
    Ok(())
}

/// What a client sent.
enum Received {
    /// Not a byte: it connected and left, or said nothing until the idle deadline.
    Nothing,
    /// A whole request.
    Request,
    /// Something that can only be answered with an error.
    Broken(Fault, Delivery, Status, String),
}

/// Reads until the request is whole, each part within its own deadline.
async fn read_request(
    socket: &mut Socket<'_>,
    input: &mut Buffer,
    request: &mut OwnedRequest,
    options: &Options,
) -> io::Result<Received> {
    let mut parser = Parser::new(options.limits());
    let mut deadline = ReadDeadline::new(Instant::now());
    loop {
        let read = match socket.read(input, deadline.at(options)).await {
            Ok(0) if deadline.is_idle() => return Ok(Received::Nothing),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if error.kind() != ErrorKind::TimedOut => return Err(error),
            Err(_) if deadline.is_idle() => return Ok(Received::Nothing),
            Err(_) => {
                let explanation = "the request took too long".to_owned();
                let (delivery, status) = (parser.error_delivery(), Status::REQUEST_TIMEOUT);
                return Ok(Received::Broken(Fault::Timeout, delivery, status, explanation));
            }
        };
        match parser.parse(input, request) {
            Ok(Progress::Complete) => return Ok(Received::Request),
            Ok(Progress::NeedMore) => {}
            Ok(Progress::SendContinue) => socket.write_all(CONTINUE).await?,
            Err(error) => {
                let (delivery, status) = (parser.error_delivery(), error.status());
                return Ok(Received::Broken(Fault::BadRequest, delivery, status, error.to_string()));
            }
        }
        deadline.advance(parser.stage(), read, Instant::now());
    }
}

/// A connection on which nothing waits past its deadline. What took a wake-up every few
/// milliseconds in the blocking phases is one line here: the runtime waits for two things at once.
struct Socket<'a> {
    stream: TcpStream,
    options: &'a Options,
}

impl Socket<'_> {
    /// Reads what there is into `input`; 0 means that the client has sent its last byte.
    async fn read(&mut self, input: &mut Buffer, deadline: Instant) -> io::Result<usize> {
        // A read that is ready comes before a deadline that has passed, so it is looked at here.
        if Instant::now() >= deadline {
            return Err(ErrorKind::TimedOut.into());
        }
        let n = timeout_at(deadline.into(), self.stream.read(input.space())).await??;
        input.filled(n);
        Ok(n)
    }

    /// Waits until the answer is due, unless the connection breaks before: a client that is gone keeps
    /// neither task nor descriptor. One that has only sent its last byte still reads.
    async fn sleep(&self, delay: Duration) -> io::Result<()> {
        tokio::select! {
            biased;
            () = sleep(delay) => Ok(()),
            broken = self.stream.ready(Interest::ERROR) => {
                broken.and_then(|_| Err(ErrorKind::ConnectionReset.into()))
            }
        }
    }

    /// Writes everything, within the deadline that its progress earns.
    async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut transfer = Transfer::new(Instant::now());
        while transfer.bytes() < bytes.len() {
            let deadline = transfer.deadline(self.options.write_timeout, self.options.min_rate).into();
            match timeout_at(deadline, self.stream.write(&bytes[transfer.bytes()..])).await?? {
                0 => return Err(ErrorKind::WriteZero.into()),
                n => transfer.advance(n, Instant::now()),
            }
        }
        Ok(())
    }

    /// Says that this was the last byte, waits for the client's last byte, and throws away what
    /// comes before it. Closing at once would reset the connection where the client still sends,
    /// and the reset can overtake the answer (RFC 9112, section 9.6). `input` only lends its space.
    async fn drain(&mut self, input: &mut Buffer) {
        let deadline = self.options.drain_deadline(Instant::now()).into();
        let mut discarded = 0;
        if self.stream.shutdown().await.is_ok() {
            while let Ok(Ok(n)) = timeout_at(deadline, self.stream.read(input.space())).await {
                discarded += n;
                if n == 0 || discarded > self.options.drain_bytes {
                    break;
                }
            }
        }
    }
}
