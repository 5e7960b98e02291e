//! Where a chunked body ends (RFC 9112 §7.1). Strict: no bare CR or LF, no controls, no whitespace in sizes.

/// How far a chunked body has been read. Looks at framing only; the bytes themselves pass by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Chunks {
    at: At,
    overhead: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum At {
    Size { value: u64, digits: u8 },
    Extension { value: u64 },
    SizeEnd { value: u64 },
    Content { left: u64 },
    ContentReturn,
    ContentEnd,
    TrailerStart,
    Trailer,
    TrailerEnd,
    LastEnd,
    Done,
}

/// A body that breaks the grammar of chunks.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("malformed chunked body")]
pub(super) struct BadChunk;

impl Chunks {
    pub(super) fn new() -> Self {
        Self {
            at: At::Size {
                value: 0,
                digits: 0,
            },
            overhead: 0,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// How many of these bytes belong to the body.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<usize, BadChunk> {
        let mut position = 0;
        while let Some(&byte) = bytes.get(position) {
            match self.at {
                At::Done => break,
                At::Content { left } => {
                    let here = left.min((bytes.len() - position) as u64);
                    let left = left - here;
                    self.at = if left == 0 {
                        At::ContentReturn
                    } else {
                        At::Content { left }
                    };
                    position += usize::try_from(here).expect("no longer than the slice");
                }
                At::Size { .. }
                | At::Extension { .. }
                | At::SizeEnd { .. }
                | At::ContentReturn
                | At::ContentEnd
                | At::TrailerStart
                | At::Trailer
                | At::TrailerEnd
                | At::LastEnd => {
                    self.at = self.at.step(byte)?;
                    self.count_overhead()?;
                    position += 1;
                }
            }
        }
        Ok(position)
    }

    /// Extensions and trailers mean nothing here, so a peer gets little room for them.
    fn count_overhead(&mut self) -> Result<(), BadChunk> {
        if matches!(self.at, At::Extension { .. } | At::Trailer) {
            self.overhead += 1;
        }
        if self.overhead > MAX_OVERHEAD {
            Err(BadChunk)
        } else {
            Ok(())
        }
    }
}

const MAX_OVERHEAD: usize = 4096;

/// Fewer than fit, so that no reader can overflow.
const MAX_DIGITS: u8 = 15;

impl At {
    fn step(self, byte: u8) -> Result<Self, BadChunk> {
        Ok(match (self, byte) {
            (Self::Size { value, digits }, _)
                if byte.is_ascii_hexdigit() && digits < MAX_DIGITS =>
            {
                let digit = char::from(byte).to_digit(16).ok_or(BadChunk)?;
                Self::Size {
                    value: value << 4 | u64::from(digit),
                    digits: digits + 1,
                }
            }
            (Self::Size { digits: 0, .. }, _) => return Err(BadChunk),
            (Self::Size { value, .. }, b';') => Self::Extension { value },
            (Self::Size { value, .. } | Self::Extension { value }, b'\r') => {
                Self::SizeEnd { value }
            }
            (Self::Extension { value }, _) if is_text(byte) => Self::Extension { value },
            (Self::SizeEnd { value: 0 } | Self::TrailerEnd, b'\n') => Self::TrailerStart,
            (Self::SizeEnd { value: left }, b'\n') => Self::Content { left },
            (Self::ContentReturn, b'\r') => Self::ContentEnd,
            (Self::ContentEnd, b'\n') => Self::Size {
                value: 0,
                digits: 0,
            },
            (Self::TrailerStart, b'\r') => Self::LastEnd,
            (Self::Trailer, b'\r') => Self::TrailerEnd,
            (Self::TrailerStart | Self::Trailer, _) if is_text(byte) => Self::Trailer,
            (Self::LastEnd, b'\n') => Self::Done,
            _ => return Err(BadChunk),
        })
    }
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= 0x20 && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<(usize, bool), BadChunk> {
        let mut chunks = Chunks::new();
        Ok((chunks.advance(bytes)?, chunks.is_done()))
    }

    #[test]
    fn a_body_ends_after_its_last_chunk() {
        assert_eq!(read(b"0\r\n\r\nGET /"), Ok((5, true)));
        assert_eq!(read(b"3\r\nabc\r\n0\r\n\r\n"), Ok((13, true)));
        assert_eq!(
            read(b"3;a=\"b\"\r\nabc\r\n00\r\nx: y\r\n\r\nrest"),
            Ok((26, true))
        );
        assert_eq!(read(b"A\r\n012345678"), Ok((12, false)));
    }

    #[test]
    fn anything_ambiguous_is_refused() {
        for body in [
            &b"\r\n"[..],
            b"g\r\n",
            b"-1\r\n",
            b"+1\r\n",
            b"0x1\r\n",
            b" 1\r\n",
            b"1 \r\n",
            b"1\n",
            b"1;a\nb\r\n",
            b"1;a\rb\r\n",
            b"1;\0\r\n",
            b"1\r\naX\r\n",
            b"1\r\na\n",
            b"1\r\nab\r\n",
            b"0\r\nx\n",
            b"0\r\n\n",
            b"1000000000000000\r\n",
        ] {
            assert_eq!(read(body), Err(BadChunk), "{}", body.escape_ascii());
        }
    }

    #[test]
    fn endless_extensions_are_refused() {
        let body = format!("1;{}\r\n", "a".repeat(5000));
        assert_eq!(read(body.as_bytes()), Err(BadChunk));
    }

    proptest! {
        #[test]
        fn the_end_does_not_depend_on_how_the_bytes_arrive(
            contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cut in 1_usize..17,
        ) {
            let mut body = Vec::new();
            for content in &contents {
                body.extend_from_slice(format!("{:x}\r\n", content.len()).as_bytes());
                body.extend_from_slice(content);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\n\r\n");
            let length = body.len();
            body.extend_from_slice(b"GET / HTTP/1.1\r\n");

            let mut chunks = Chunks::new();
            let taken: usize = body.chunks(cut).map(|part| chunks.advance(part).unwrap()).sum();

            prop_assert!(chunks.is_done());
            prop_assert_eq!(taken, length);
        }
    }
}
