//! The load: requests that are due at a steady rate, whatever becomes of those before them.
//!
//! A request is due when its turn comes and takes the next connection that is free; its time counts from when it was
//! due, so that a server that stalls cannot hide what it did to those who had to wait. A request that found no free
//! connection while it was of any use was not sent, and counts as failed. So what is made, and how long, is bounded.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memmem;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::LocalSet;
use tokio::time::timeout;

/// What is sent, and where.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// One after the other, and then again from the first.
    pub(crate) requests: Arc<[Vec<u8>]>,
}

/// How it is sent.
#[derive(Clone)]
pub(crate) struct Plan {
    /// Requests a second.
    pub(crate) rate: f64,
    pub(crate) time: Duration,
    pub(crate) connections: usize,
    /// From where; one after the other.
    pub(crate) from: Vec<Ipv4Addr>,
    /// How long a request waits for a connection, and then for its answer.
    pub(crate) patience: Duration,
    /// Whether each request has a connection of its own.
    pub(crate) is_fresh: bool,
}

impl Plan {
    /// A few clients that wait for two seconds.
    pub(crate) fn steady(rate: f64, seconds: u64) -> Self {
        Self {
            rate,
            time: Duration::from_secs(seconds),
            connections: 32,
            from: vec![Ipv4Addr::LOCALHOST],
            patience: Duration::from_secs(2),
            is_fresh: false,
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// How long each good answer took from when its request was due, in microseconds.
    times: Vec<u32>,
    /// 429 or 503, with `Retry-After`.
    pub(crate) refused: usize,
    /// The same, without.
    pub(crate) rude: usize,
    /// Any other 5xx.
    pub(crate) broken: usize,
    /// Any other answer: 401, say.
    pub(crate) other: usize,
    /// The connection broke off, or nothing came in time.
    pub(crate) lost: usize,
    /// No connection was free in time.
    pub(crate) unsent: usize,
    pub(crate) took: Duration,
}

/// An answer, as far as it matters.
struct Answer {
    status: u16,
    says_when: bool,
    closes: bool,
}

/// What all connections share; they run on one thread.
struct Shared {
    target: Target,
    plan: Plan,
    begun: Instant,
    next: Cell<usize>,
    outcome: RefCell<Outcome>,
}

/// Loads a server by a plan, on a thread of this process.
pub(crate) fn drive(target: &Target, plan: &Plan) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let shared = Rc::new(Shared {
        target: target.clone(),
        plan: plan.clone(),
        begun: Instant::now(),
        next: Cell::new(0),
        outcome: RefCell::default(),
    });
    LocalSet::new().block_on(&runtime, async {
        let connections: Vec<_> = (0..plan.connections)
            .map(|number| tokio::task::spawn_local(connection(Rc::clone(&shared), number)))
            .collect();
        for connection in connections {
            connection.await.unwrap();
        }
    });
    let mut outcome = shared.outcome.take();
    outcome.took = shared.begun.elapsed();
    outcome.times.sort_unstable();
    outcome
}

async fn connection(shared: Rc<Shared>, number: usize) {
    let from = shared.plan.from[number % shared.plan.from.len()];
    let mut stream = None;
    let mut answer = Vec::with_capacity(4096);
    while let Some((number, due)) = shared.turn() {
        tokio::time::sleep_until(due.into()).await;
        if due.elapsed() > shared.plan.patience {
            shared.outcome.borrow_mut().unsent += 1;
            continue;
        }
        let request = &shared.target.requests[number % shared.target.requests.len()];
        let asked = async {
            if stream.is_none() {
                stream = Some(connect(shared.target.address, from).await?);
            }
            ask(stream.as_mut().unwrap(), request, &mut answer).await
        };
        // Who waits for an answer began to when the request was sent.
        let asked = timeout(shared.plan.patience, asked).await;
        let asked = asked.unwrap_or(Err(io::ErrorKind::TimedOut.into()));
        let is_over = asked.as_ref().map_or(true, |answer| answer.closes);
        if is_over || shared.plan.is_fresh {
            stream = None;
        }
        shared.outcome.borrow_mut().count(asked, due.elapsed());
    }
}

impl Shared {
    /// The next request, and when it is due; nothing after the last.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "far fewer than 2^52"
    )]
    fn turn(&self) -> Option<(usize, Instant)> {
        let number = self.next.get();
        if number >= (self.plan.rate * self.plan.time.as_secs_f64()) as usize {
            return None;
        }
        self.next.set(number + 1);
        let after = Duration::from_secs_f64(number as f64 / self.plan.rate);
        Some((number, self.begun + after))
    }
}

impl Outcome {
    fn count(&mut self, asked: io::Result<Answer>, took: Duration) {
        let Ok(answer) = asked else {
            self.lost += 1;
            return;
        };
        let micros = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
        match answer.status {
            200 => self.times.push(micros),
            429 | 503 if answer.says_when => self.refused += 1,
            429 | 503 => self.rude += 1,
            500.. => self.broken += 1,
            _ => self.other += 1,
        }
    }

    pub(crate) fn good(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn all(&self) -> usize {
        self.good() + self.failed()
    }

    pub(crate) fn failed(&self) -> usize {
        self.refused + self.rude + self.broken + self.other + self.lost + self.unsent
    }

    /// Good answers a second.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(crate) fn per_second(&self) -> f64 {
        self.good() as f64 / self.took.as_secs_f64()
    }

    /// Within how many milliseconds that share of all requests was answered well; endless if it was not.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "far fewer than 2^52"
    )]
    pub(crate) fn within(&self, share: f64) -> f64 {
        let place = (self.all() as f64 * share) as usize;
        let time = self.times.get(place);
        time.map_or(f64::INFINITY, |&micros| f64::from(micros) / 1000.0)
    }

    pub(crate) fn p99(&self) -> f64 {
        self.within(0.99)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            to,
            "{} good, {:.0}/s, median {:.1} ms, 99 % {:.1} ms, 99.9 % {:.1} ms",
            self.good(),
            self.per_second(),
            self.within(0.5),
            self.p99(),
            self.within(0.999)
        )?;
        let failures = [
            ("429/503", self.refused),
            ("429/503 without Retry-After", self.rude),
            ("other 5xx", self.broken),
            ("other", self.other),
            ("lost", self.lost),
            ("not sent", self.unsent),
        ];
        for (name, count) in failures.iter().filter(|(_, count)| *count > 0) {
            write!(to, ", {count} {name}")?;
        }
        Ok(())
    }
}

/// A connection from an address of this machine. Answers that nobody reads fill no more than a page of its own.
pub(crate) async fn connect_small(address: SocketAddr, from: Ipv4Addr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    socket.bind((from, 0).into())?;
    socket.connect(address).await
}

/// A connection from an address of this machine.
pub(crate) async fn connect(address: SocketAddr, from: Ipv4Addr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The status of the answer to a request.
pub(crate) async fn status<S>(stream: &mut S, request: &[u8]) -> io::Result<u16>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let answer = ask(stream, request, &mut Vec::new()).await?;
    Ok(answer.status)
}

async fn ask<S>(stream: &mut S, request: &[u8], into: &mut Vec<u8>) -> io::Result<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(request).await?;
    into.clear();
    let end = loop {
        if stream.read_buf(into).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = memmem::find(into, b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = into[..end].to_ascii_lowercase();
    let value = |name: &[u8]| {
        let from = memmem::find(&head, name)? + name.len();
        let length = memchr::memchr(b'\r', &head[from..])?;
        std::str::from_utf8(&head[from..from + length]).ok()
    };
    let length: usize = value(b"\r\ncontent-length: ")
        .and_then(|value| value.parse().ok())
        .ok_or(io::ErrorKind::InvalidData)?;
    while into.len() < end + length {
        if stream.read_buf(into).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let status = std::str::from_utf8(&head[9..12]).ok();
    Ok(Answer {
        status: status
            .and_then(|it| it.parse().ok())
            .ok_or(io::ErrorKind::InvalidData)?,
        says_when: value(b"\r\nretry-after: ").is_some(),
        closes: value(b"\r\nconnection: ") == Some("close"),
    })
}
