//! Thirteen thousand connections that keep the server waiting, more than it serves at once, and whether anybody notices.
//!
//! Beside them, clients ask on kept connections and on fresh ones. It is compared with as many connections that come as
//! fast and behave: each asks for something, takes the answer and goes.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use memchr::memmem;
use rustix::io::fcntl_dupfd_cloexec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::Bench;
use crate::drive::{Outcome, Plan, connect, connect_small, drive, status};
use crate::house::House;

/// How many connections there are.
const ALL: u32 = 13_000;

/// How many come each second.
const A_SECOND: u32 = 2600;

/// How many answers nobody reads are asked for on a connection; far more than buffers take.
const UNREAD: usize = 40;

/// Of how much later than its limit a connection may end.
const LATE: Duration = Duration::from_secs(2);

/// How long the clients ask that behave, in seconds.
const ASKING: u64 = 20;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Silent,
    Dribbling,
    SlowBody,
    SlowRead,
    /// Asks, and goes.
    Good,
}

pub(crate) fn measure(bench: &mut Bench) {
    // The table of open files is in its full size before there are threads: whoever opens one while it grows waits, and
    // it is not for this side to be slow.
    drop(fcntl_dupfd_cloexec(
        std::io::stderr(),
        2 * i32::try_from(ALL).unwrap(),
    ));
    let house = House::open(&[]);
    let large = stylesheet(house.address());
    let (descriptors, memory) = (house.descriptors(), house.memory());
    let before = beside(&house, |_| Kind::Good, &large);
    let watch = house.watch();
    let during = beside(&house, kind, &large);
    let most = watch.most();
    // The last of the crowd has had its time.
    let left = house.descriptors();
    let figures = &mut bench.figures;
    for (name, before, during) in [
        ("on kept connections", &before.kept, &during.kept),
        ("on fresh connections", &before.fresh, &during.fresh),
    ] {
        println!("  {name}, well-behaved crowd: {before}\n  {name}, silent crowd:       {during}");
        figures.none(&format!("requests that failed, {name}"), during.failed());
        figures.at_most(
            &format!("99 % {name}, of that beside a crowd that behaves"),
            during.p99() / before.p99(),
            2.0,
        );
    }
    for (kind, slowest, late) in during.ended {
        figures.none(
            &format!("{kind:?} connections over their limit (the longest: {slowest:.1} s)"),
            late,
        );
    }
    let grown = most.saturating_sub(memory) / 1_048_576;
    figures.at_most(
        "more memory meanwhile, in MiB",
        f64::from(u32::try_from(grown).unwrap()),
        150.0,
    );
    figures.none(
        "descriptors left over",
        left.saturating_sub(descriptors + 8),
    );
}

/// What came of it for who behaves, and how the others ended.
struct Seen {
    kept: Outcome,
    fresh: Outcome,
    /// For each kind how many seconds the longest took, and how many took too long.
    ended: Vec<(Kind, f64, usize)>,
}

fn beside(house: &House, kind: impl Fn(u32) -> Kind + Sync, large: &[u8]) -> Seen {
    let kept = Plan::steady(500.0, ASKING);
    let fresh = Plan {
        is_fresh: true,
        ..Plan::steady(100.0, ASKING)
    };
    thread::scope(|scope| {
        let crowd = scope.spawn(|| crowd(house.address(), &kind, large));
        let kept = scope.spawn(|| drive(&house.good(), &kept));
        let fresh = drive(&house.good(), &fresh);
        let all = crowd.join().unwrap();
        let kinds = [Kind::Silent, Kind::Dribbling, Kind::SlowBody];
        let ended = kinds.map(|kind| {
            let of_kind = all.iter().filter(|(it, _)| *it == kind);
            let times: Vec<Duration> = of_kind.map(|(_, lasted)| *lasted).collect();
            let slowest = times.iter().max().map_or(0.0, Duration::as_secs_f64);
            let late = times.iter().filter(|lasted| **lasted > limit(kind) + LATE);
            (kind, slowest, late.count())
        });
        Seen {
            kept: kept.join().unwrap(),
            fresh,
            ended: ended.to_vec(),
        }
    })
}

/// Of 26: twenty silent, four that dribble, one each with a slow body and with a slow reader.
fn kind(number: u32) -> Kind {
    match number % 26 {
        0..20 => Kind::Silent,
        20..24 => Kind::Dribbling,
        24 => Kind::SlowBody,
        _ => Kind::SlowRead,
    }
}

/// What the server's settings say by default.
fn limit(kind: Kind) -> Duration {
    Duration::from_secs(if kind == Kind::SlowRead { 15 } else { 10 })
}

/// Opens all connections; how long each lasted.
fn crowd(address: SocketAddr, kind: impl Fn(u32) -> Kind, large: &[u8]) -> Vec<(Kind, Duration)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let begun = Instant::now();
        let mut all = JoinSet::new();
        for number in 0..ALL {
            tokio::time::sleep_until((begun + Duration::from_secs(1) / A_SECOND * number).into())
                .await;
            let [_, _, high, low] = (number % 200 + 1).to_be_bytes();
            let from = Ipv4Addr::new(127, 1, high, low);
            let (kind, large) = (kind(number), large.to_vec());
            all.spawn(async move {
                let stream = if kind == Kind::SlowRead {
                    connect_small(address, from).await
                } else {
                    connect(address, from).await
                };
                let stream = stream.unwrap();
                let since = Instant::now();
                let endured = timeout(limit(kind) + LATE * 2, endure(kind, stream, &large)).await;
                // Who was reset was closed.
                drop(endured);
                (kind, since.elapsed())
            });
        }
        all.join_all().await
    })
}

/// Behaves like that until the server closes the connection.
async fn endure(kind: Kind, mut stream: TcpStream, large: &[u8]) -> std::io::Result<()> {
    let head = b"POST /oauth2/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: 1000\r\n\r\n";
    match kind {
        Kind::Good => {
            let live = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";
            status(&mut stream, live).await?;
            return Ok(());
        }
        Kind::Silent => {}
        Kind::SlowBody => stream.write_all(head).await?,
        Kind::Dribbling => stream.write_all(b"G").await?,
        Kind::SlowRead => {
            stream.write_all(&large.repeat(UNREAD)).await?;
            // Who reads nothing does not see the end either: the server's descriptors show it.
            sleep(limit(kind) + LATE).await;
            return Ok(());
        }
    }
    let mut space = vec![0; 65_536];
    loop {
        match timeout(Duration::from_secs(5), stream.read(&mut space)).await {
            Ok(Ok(0) | Err(_)) => return Ok(()),
            Ok(Ok(_)) => {}
            Err(_) if kind == Kind::Silent => {}
            Err(_) => stream.write_all(b"E").await?,
        }
    }
}

/// A request for the largest thing that everybody may have.
fn stylesheet(address: SocketAddr) -> Vec<u8> {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").into_bytes();
    let page = crate::load::answers(address, &get("/console/set-up"), 1).remove(0);
    let from = memmem::find(&page, b"/console/assets/app.").unwrap();
    let length = memmem::find(&page[from..], b"\"").unwrap();
    get(std::str::from_utf8(&page[from..from + length]).unwrap())
}
