//! The load: keep-alive connections on one thread, each sending the next request when it has the answer.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How many connections there are.
pub(crate) const CONNECTIONS: usize = 32;

/// A server, and what to send it.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) pid: u32,
    /// One after the other, and then again from the first.
    pub(crate) requests: Arc<[Vec<u8>]>,
    /// What a good answer holds.
    pub(crate) expected: &'static [u8],
}

/// What a server did in one round.
pub(crate) struct Round {
    answers: u64,
    took: Duration,
    cpu: Duration,
}

/// Loads a server for a while.
pub(crate) fn round(target: &Target, time: Duration) -> Round {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let cpu = cpu_time(target.pid);
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let answers = runtime.block_on(async {
        let mut connections = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let requests = (Arc::clone(&target.requests), Arc::clone(&next));
            let until = begun + time;
            connections.spawn(connection(target.address, requests, target.expected, until));
        }
        connections.join_all().await.into_iter().sum()
    });
    Round {
        answers,
        took: begun.elapsed(),
        cpu: cpu_time(target.pid).saturating_sub(cpu),
    }
}

/// The answers to one request that is made so many times, on one connection.
pub(crate) fn answers(address: SocketAddr, request: &[u8], count: usize) -> Vec<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut answers = vec![Vec::new(); count];
        for answer in &mut answers {
            ask(&mut stream, request, answer).await;
        }
        answers
    })
}

/// One connection's requests until the deadline; how many there were.
async fn connection(
    address: SocketAddr,
    (requests, next): (Arc<[Vec<u8>]>, Arc<AtomicUsize>),
    expected: &'static [u8],
    deadline: Instant,
) -> u64 {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = Vec::with_capacity(8192);
    let mut answers = 0;
    while Instant::now() < deadline {
        let number = next.fetch_add(1, Ordering::Relaxed);
        ask(&mut stream, &requests[number % requests.len()], &mut answer).await;
        assert!(
            answer.starts_with(b"HTTP/1.1 200 ") && holds(&answer, expected),
            "refused: {}",
            String::from_utf8_lossy(&answer)
        );
        answers += 1;
    }
    answers
}

/// Sends a request and takes the whole answer.
async fn ask(stream: &mut TcpStream, request: &[u8], answer: &mut Vec<u8>) {
    stream.write_all(request).await.unwrap();
    answer.clear();
    while !is_whole(answer) {
        let read = stream.read_buf(answer).await.unwrap();
        assert_ne!(
            read,
            0,
            "the server hung up: {}",
            String::from_utf8_lossy(answer)
        );
    }
}

/// Whether head and body are there, by the length that the head announces.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return false;
    };
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.trim().parse::<usize>().unwrap());
    answer.len() >= end + 4 + length.expect("an answer announces its length")
}

/// Whether `part` stands in `text`; nothing stands in any.
fn holds(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

/// What all threads of a process have had of the processors so far, to a hundredth of a second.
pub(crate) fn cpu_time(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name comes first, in brackets, and may hold anything.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

impl Round {
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(crate) fn per_second(&self) -> f64 {
        self.answers as f64 / self.took.as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
    pub(crate) fn cpu_micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.answers as f64
    }
}
