//! One answer from a stream that blocks, for a client that has nothing else to do meanwhile.

use std::io::{self, BufRead, ErrorKind};

use super::response::{Answer, AtEof, Malformed, Read, Reader};

/// Reads an answer to its end, however it says where that is, and nothing of the next one.
///
/// # Errors
/// It is no response, or the stream ends before it does.
pub(crate) fn answer(stream: &mut impl BufRead, to_head: bool) -> io::Result<Answer> {
    let mut reader = Reader::new(to_head);
    loop {
        let bytes = stream.fill_buf()?;
        if bytes.is_empty() {
            return match reader.eof(None) {
                AtEof::Whole(answer) => Ok(answer),
                AtEof::Between | AtEof::Short => Err(ErrorKind::UnexpectedEof.into()),
            };
        }
        let read = reader.read(bytes, None);
        let (used, answer) =
            match read.map_err(|Malformed(why)| io::Error::new(ErrorKind::InvalidData, why))? {
                Read::Partial => (bytes.len(), None),
                Read::Whole { used, answer } => (used, Some(answer)),
            };
        stream.consume(used);
        if let Some(answer) = answer {
            return Ok(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn answers_are_read_one_by_one_whatever_says_where_they_end() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi\
            HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1;x\r\n!\r\n0\r\nT: x\r\n\r\n\
            HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n\
            HTTP/1.1 200 OK\r\n\r\nuntil the end";
        // However few bytes come at a time.
        for capacity in [1, 7, 1_000] {
            let mut stream = BufReader::with_capacity(capacity, bytes.as_slice());
            let answers = [(); 4].map(|()| {
                let answer = answer(&mut stream, false).unwrap();
                (answer.status, answer.body_bytes, answer.keep_alive)
            });
            assert_eq!(answers, [(200, 2, true), (200, 3, true), (503, 0, false), (200, 13, false)]);
            assert_eq!(answer(&mut stream, false).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
    }

    #[test]
    fn an_answer_to_head_has_no_body_and_one_cut_short_or_that_is_none_is_an_error() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi";
        assert!(answer(&mut bytes.as_slice(), true).is_ok());
        assert_eq!(answer(&mut bytes.as_slice(), false).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        let error = answer(&mut b"220 mail ready\r\n\r\n".as_slice(), false).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
