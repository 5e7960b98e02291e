//! Finds a request's head and how its body is framed (RFC 9112 §2.2, §3, §6.3), refusing all that two
//! readers could read in two ways. What passes is given to hyper, which reads it again for its meaning.

use axum::http::Uri;
use memchr::memchr;

use super::Limits;
use crate::web::layers::Refusal;

/// What the bytes received so far hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scan {
    /// The head is not complete; what was looked at need not be looked at again.
    Partial { scanned: usize },
    /// A whole head and what follows it.
    Whole { length: usize, framing: Framing },
}

/// How a request's body is delimited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

/// Looks for a head at the start of `bytes`, of which the first `scanned` were seen before.
pub(super) fn scan(bytes: &[u8], scanned: usize, limits: &Limits) -> Result<Scan, Refusal> {
    let mut from = scanned;
    while let Some(offset) = memchr(b'\n', &bytes[from..]) {
        let end = from + offset;
        if end == 0 || bytes[end - 1] != b'\r' {
            return Err(Refusal::Malformed);
        }
        if bytes[..end - 1].ends_with(b"\r\n") {
            let length = end + 1;
            if length > limits.max_header_bytes {
                return Err(Refusal::HeadersTooLarge);
            }
            return Ok(Scan::Whole {
                length,
                framing: read(&bytes[..end - 1], limits)?,
            });
        }
        from = end + 1;
    }
    if bytes.len() > limits.max_header_bytes {
        return Err(if from == 0 {
            Refusal::TargetTooLong
        } else {
            Refusal::HeadersTooLarge
        });
    }
    Ok(Scan::Partial { scanned: from })
}

/// Reads the lines of a head; each ends in CRLF.
fn read(head: &[u8], limits: &Limits) -> Result<Framing, Refusal> {
    let (line, mut rest) = first_line(head);
    let version = read_request_line(line, limits)?;
    let mut fields = Fields::default();
    while !rest.is_empty() {
        let (line, more) = first_line(rest);
        rest = more;
        if !line.is_empty() {
            fields.read(line)?;
        }
    }
    fields.framing(version)
}

/// A line without its end, and what follows it.
fn first_line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match memchr(b'\n', text) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, [].as_slice()),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Version {
    Http10,
    Http11,
}

fn read_request_line(line: &[u8], limits: &Limits) -> Result<Version, Refusal> {
    let mut words = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Refusal::Malformed);
    };
    if target.len() > limits.max_target_bytes {
        return Err(Refusal::TargetTooLong);
    }
    if !is_token(method) || !is_target(target) {
        return Err(Refusal::Malformed);
    }
    match version {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            Err(Refusal::VersionNotSupported)
        }
        _ => Err(Refusal::Malformed),
    }
}

/// What the header fields say about the body.
#[derive(Debug, Default)]
struct Fields {
    count: usize,
    content_length: Option<u64>,
    chunked: bool,
}

impl Fields {
    fn read(&mut self, line: &[u8]) -> Result<(), Refusal> {
        let colon = memchr(b':', line).ok_or(Refusal::Malformed)?;
        let (name, value) = (&line[..colon], without_spaces(&line[colon + 1..]));
        if !is_token(name) || !is_text(value) {
            return Err(Refusal::Malformed);
        }
        self.count += 1;
        if self.count > MAX_FIELDS {
            return Err(Refusal::HeadersTooLarge);
        }
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = read_length(value)?;
            return self
                .content_length
                .replace(length)
                .map_or(Ok(()), |_| Err(Refusal::Malformed));
        }
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::EncodingNotImplemented);
            }
            return if std::mem::replace(&mut self.chunked, true) {
                Err(Refusal::Malformed)
            } else {
                Ok(())
            };
        }
        Ok(())
    }

    fn framing(&self, version: Version) -> Result<Framing, Refusal> {
        match (self.chunked, self.content_length, version) {
            (false, length, _) => Ok(Framing::Length(length.unwrap_or(0))),
            (true, None, Version::Http11) => Ok(Framing::Chunked),
            (true, Some(_), _) | (true, None, Version::Http10) => Err(Refusal::Malformed),
        }
    }
}

/// As many as hyper takes.
const MAX_FIELDS: usize = 100;

/// Digits only: no sign, no list, no hexadecimal (RFC 9112 §6.3).
fn read_length(value: &[u8]) -> Result<u64, Refusal> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Malformed);
    }
    Ok(value
        .iter()
        .fold(0, |length, digit| length * 10 + u64::from(digit - b'0')))
}

/// A request's target as it may be written (RFC 9112 §3.2): without a fragment, which hyper would drop, and nothing that
/// hyper would refuse in its own words.
fn is_target(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"/") && bytes.iter().all(|&byte| PLAIN[usize::from(byte)]) {
        return true;
    }
    let is_visible = |&byte: &u8| byte.is_ascii_graphic() && byte != b'#';
    bytes.iter().all(is_visible) && Uri::try_from(bytes).is_ok()
}

/// A field's value without the white space around it (RFC 9112 §5): spaces and tabs, and nothing else.
fn without_spaces(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// A token (RFC 9110 §5.6.2).
fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|&byte| TOKEN[usize::from(byte)])
}

const TOKEN: [bool; 256] = letters_digits_and(b"!#$%&'*+-.^_`|~");

/// What a path and a query are made of that nobody reads in two ways (RFC 3986 §3.3, §3.4).
const PLAIN: [bool; 256] = letters_digits_and(b"-._~!$&'()*+,;=:@/?%");

const fn letters_digits_and(marks: &[u8]) -> [bool; 256] {
    let mut allowed = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        allowed[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut at = 0;
    while at < marks.len() {
        allowed[marks[at] as usize] = true;
        at += 1;
    }
    allowed
}

/// A field's value: no control but the tab, so neither a stray CR nor NUL (RFC 9110 §5.5).
fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan_all(bytes: &str) -> Result<Scan, Refusal> {
        scan(bytes.as_bytes(), 0, &Limits::default())
    }

    fn head(fields: &str) -> Result<Framing, Refusal> {
        match scan_all(&format!("POST / HTTP/1.1\r\n{fields}\r\n"))? {
            Scan::Whole { framing, .. } => Ok(framing),
            Scan::Partial { .. } => panic!("{fields:?} does not end the head"),
        }
    }

    #[test]
    fn a_head_ends_at_the_empty_line() {
        let bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /";
        let whole = Scan::Whole {
            length: 27,
            framing: Framing::Length(0),
        };

        assert_eq!(scan_all(bytes), Ok(whole));
        for cut in 0..27 {
            let Ok(Scan::Partial { scanned }) = scan_all(&bytes[..cut]) else {
                panic!("cut at {cut}")
            };
            assert_eq!(
                scan(bytes.as_bytes(), scanned, &Limits::default()),
                Ok(whole),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn the_body_is_framed_by_a_length_or_by_chunks() {
        assert_eq!(head("Host: a\r\n"), Ok(Framing::Length(0)));
        assert_eq!(head("content-LENGTH:\t 12 \r\n"), Ok(Framing::Length(12)));
        assert_eq!(head("Transfer-Encoding: Chunked\r\n"), Ok(Framing::Chunked));
    }

    /// H-12, H-16
    #[test]
    fn ambiguous_framing_is_refused() {
        for fields in [
            "Content-Length: 1\r\nContent-Length: 2\r\n",
            "Content-Length: 1\r\nContent-Length: 1\r\n",
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: -5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: 5 5\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length : 5\r\n",
            " Content-Length: 5\r\n",
            "X: a\r\n b\r\n",
            "X\r\n",
            ": x\r\n",
            "X: a\rb\r\n",
            "X: a\0b\r\n",
            "X: a\nY: b\r\n",
            "X: a\r\r\n",
            "X: a\x0c\r\n",
            "X:\x0ca\r\n",
            "Content-Length:\x0c5\r\n",
            "Content-Length: 5\r\r\n",
            "X(: a\r\n",
        ] {
            assert_eq!(head(fields), Err(Refusal::Malformed), "{fields:?}");
        }
        for fields in [
            "xchunked",
            "chunked, identity",
            "gzip, chunked",
            "identity",
            "\"chunked\"",
            "chunked;q=1",
            "",
        ] {
            let fields = format!("Transfer-Encoding: {fields}\r\n");
            assert_eq!(
                head(&fields),
                Err(Refusal::EncodingNotImplemented),
                "{fields:?}"
            );
        }
        assert_eq!(
            scan_all("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Err(Refusal::Malformed)
        );
    }

    #[test]
    fn request_lines_have_three_words() {
        for line in [
            "GET  / HTTP/1.1",
            "GET / HTTP/1.1 ",
            " GET / HTTP/1.1",
            "GET /",
            "GET /\x7f HTTP/1.1",
            "G@T / HTTP/1.1",
            "GET / http/1.1",
            "GET\t/ HTTP/1.1",
            "GET /a#b HTTP/1.1",
            "GET /<a> HTTP/1.1",
            "GET /a?< HTTP/1.1",
            "GET http://[a/ HTTP/1.1",
            "GET /a\u{e9} HTTP/1.1",
        ] {
            assert_eq!(
                scan_all(&format!("{line}\r\n\r\n")),
                Err(Refusal::Malformed),
                "{line:?}"
            );
        }
        assert_eq!(
            scan_all("PRI * HTTP/2.0\r\n\r\n"),
            Err(Refusal::VersionNotSupported)
        );
    }

    /// H-10
    #[test]
    fn long_heads_are_refused_before_they_end() {
        let target = format!("GET /{}", "a".repeat(33_000));
        assert_eq!(scan_all(&target), Err(Refusal::TargetTooLong));
        let target = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(8 * 1024));
        assert_eq!(scan_all(&target), Err(Refusal::TargetTooLong));
        let fields = format!("GET / HTTP/1.1\r\nX: {}", "a".repeat(33_000));
        assert_eq!(scan_all(&fields), Err(Refusal::HeadersTooLarge));
        assert_eq!(
            head(&format!("X: {}\r\n", "a".repeat(16 * 1024))),
            Ok(Framing::Length(0))
        );
        assert_eq!(head(&"X: a\r\n".repeat(101)), Err(Refusal::HeadersTooLarge));
    }
}
