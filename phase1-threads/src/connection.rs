//! One connection, from its first byte to its last.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use handler::{Fault, Handler, Stats, Step, answer};
use http1::textbook::{Parser, Progress};
use http1::{Buffer, CONTINUE, Delivery, OwnedRequest, Response, Status, encode};
use server::blocking::Socket;
use server::{Date, Options, ReadDeadline, Stop, fault_of};

/// Reads one request, answers it, and closes. What goes wrong is counted and ends here.
pub(crate) fn serve(
    stream: &TcpStream,
    handler: &impl Handler,
    options: &Options,
    stats: &Stats,
    stop: &Stop,
) {
    let served =
        Socket::new(stream, options, stop).and_then(|socket| serve_request(&socket, handler, options, stats));
    if let Err(error) = served {
        stats.fault(fault_of(&error));
    }
}

fn serve_request(
    socket: &Socket<'_>,
    handler: &impl Handler,
    options: &Options,
    stats: &Stats,
) -> io::Result<()> {
    let mut input = Buffer::new();
    let mut request = OwnedRequest::new();
    let mut response = Response::new();
    let delivery = match read_request(socket, &mut input, &mut request, options)? {
        Received::Nothing => return Ok(()),
        Received::Request => {
            let request = request.as_request();
            match answer(handler, &request, &mut response, stats) {
                Step::Reply => {}
                Step::ReplyAfter(delay) => thread::sleep(delay),
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
    socket.write_all(&output)?;
    socket.drain(&mut input);
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
fn read_request(
    socket: &Socket<'_>,
    input: &mut Buffer,
    request: &mut OwnedRequest,
    options: &Options,
) -> io::Result<Received> {
    let mut parser = Parser::new(options.limits());
    let mut deadline = ReadDeadline::new(Instant::now());
    loop {
        let read = match socket.read(input, deadline.at(options)) {
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
            Ok(Progress::SendContinue) => socket.write_all(CONTINUE)?,
            Err(error) => {
                let (delivery, status) = (parser.error_delivery(), error.status());
                return Ok(Received::Broken(Fault::BadRequest, delivery, status, error.to_string()));
            }
        }
        deadline.advance(parser.stage(), read, Instant::now());
    }
}
