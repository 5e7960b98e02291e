//! HTTP/2 as somebody speaks it who means it ill: streams that are reset at once, heads and bodies that never end, windows
//! that stay shut. Whether others notice, and how soon such a connection ends.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};

use crate::Bench;
use crate::drive::{Outcome, Plan, connect, drive};
use crate::house::House;

/// How many connections attack at a time; one that is dropped comes again.
const ATTACKERS: u8 = 4;

/// Rounds of an attack that each sends a second.
const RATE: u32 = 4000;

/// Seconds of each attack.
const TIME: u64 = 8;

/// The setting that bounds a peer that does not read.
const REQUEST_TIMEOUT: u8 = 2;

/// One way to attack.
struct Attack {
    name: &'static str,
    /// What is sent first, after the preface.
    opening: fn() -> Vec<u8>,
    /// What is sent again and again, with the number of the round.
    round: fn(u32) -> Vec<u8>,
    /// Seconds after which the connection must be gone; endless if what it costs is bounded otherwise.
    gone_after: f64,
}

const ATTACKS: [Attack; 4] = [
    Attack {
        name: "rapid reset",
        opening: settings,
        round: |n| {
            [
                get(2 * n + 1, true),
                frame(RST_STREAM, 0, 2 * n + 1, &[0, 0, 0, 8]),
            ]
            .concat()
        },
        gone_after: 1.0,
    },
    Attack {
        name: "endless head",
        opening: || [settings(), get(1, false)].concat(),
        // A header field that is sent again and again.
        round: |_| {
            frame(
                CONTINUATION,
                0,
                1,
                b"\x00\x01x\x20abcdefghijklmnopqrstuvwxyzabcdef",
            )
        },
        gone_after: 1.0,
    },
    Attack {
        name: "empty data",
        opening: || [settings(), frame(HEADERS, END_HEADERS, 1, POST)].concat(),
        round: |_| frame(DATA, 0, 1, &[]),
        gone_after: 1.0,
    },
    Attack {
        name: "shut window",
        opening: || frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]),
        round: |n| {
            if n < 100 {
                get(2 * n + 1, true)
            } else {
                Vec::new()
            }
        },
        // Nobody reads; that is waited for, twice as long as a request may take, and a little.
        gone_after: 6.0,
    },
];

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// `POST /oauth2/token` of a host called `a` (RFC 7541): indexed, but for the path and the host.
const POST: &[u8] = b"\x83\x86\x04\x0d/oauth2/token\x01\x01a";

/// `GET /oauth2/jwks` of the same.
const GET: &[u8] = b"\x82\x86\x04\x0c/oauth2/jwks\x01\x01a";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

fn get(stream: u32, is_whole: bool) -> Vec<u8> {
    let flags = END_STREAM | if is_whole { END_HEADERS } else { 0 };
    frame(HEADERS, flags, stream, GET)
}

pub(crate) fn measure(bench: &mut Bench) {
    let timeout = format!("{REQUEST_TIMEOUT}s");
    let house = House::open(&["--request-timeout", &timeout]);
    let asked = |attack: Option<&Attack>| beside(&house, attack);
    let memory = house.memory();
    for attack in &ATTACKS {
        let (before, _) = asked(None);
        let watch = house.watch();
        let (during, lasted) = asked(Some(attack));
        let (name, times) = (attack.name, lasted.len());
        let slowest = lasted
            .into_iter()
            .max()
            .map_or(f64::INFINITY, |it| it.as_secs_f64());
        println!("  alone: {before}\n  {name}, {times} connections: {during}");
        let figures = &mut bench.figures;
        figures.at_most(
            &format!("{name}: seconds until the connection is dropped"),
            slowest,
            attack.gone_after,
        );
        figures.none(
            &format!("{name}: requests of others that failed"),
            during.failed(),
        );
        figures.at_most(
            &format!("{name}: 99 % of others' requests, of that without"),
            during.p99() / before.p99(),
            2.0,
        );
        let grown = watch.most().saturating_sub(memory) / 1_048_576;
        figures.at_most(
            &format!("{name}: more memory, in MiB"),
            f64::from(u32::try_from(grown).unwrap()),
            64.0,
        );
    }
}

/// What others got meanwhile, and how long each attacking connection lasted.
fn beside(house: &House, attack: Option<&Attack>) -> (Outcome, Vec<Duration>) {
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let attacking =
            attack.map(|attack| scope.spawn(|| attack_all(house.address(), attack, &done)));
        let outcome = drive(&house.good(), &Plan::steady(500.0, TIME));
        done.store(true, Ordering::Relaxed);
        let lasted = attacking.map(|attacking| attacking.join().unwrap());
        (outcome, lasted.unwrap_or_default())
    })
}

fn attack_all(address: SocketAddr, attack: &Attack, done: &AtomicBool) -> Vec<Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut lasted = Vec::new();
        while !done.load(Ordering::Relaxed) {
            let (opening, round) = ((attack.opening)(), attack.round);
            let mut all = JoinSet::new();
            for host in 1..=ATTACKERS {
                let from = Ipv4Addr::new(127, 3, 0, host);
                all.spawn(attack_once(address, from, opening.clone(), round));
            }
            lasted.extend(all.join_all().await);
            // They come again at once, but no more often than a hundred times a second.
            sleep(Duration::from_millis(10)).await;
        }
        lasted
    })
}

/// Attacks until the connection is dropped, for as long as all of it takes at most.
async fn attack_once(
    address: SocketAddr,
    from: Ipv4Addr,
    opening: Vec<u8>,
    round: fn(u32) -> Vec<u8>,
) -> Duration {
    let stream = connect(address, from).await.unwrap();
    let since = Instant::now();
    let (mut reading, mut writing) = stream.into_split();
    let attacking = async {
        writing.write_all(&[PREFACE, &opening].concat()).await?;
        for tick in 0_u32.. {
            sleep_until((since + Duration::from_millis(10) * tick).into()).await;
            let some: Vec<u8> = (0..RATE / 100)
                .flat_map(|n| round(tick * (RATE / 100) + n))
                .collect();
            writing.write_all(&some).await?;
        }
        Ok::<_, std::io::Error>(())
    };
    let ended = async {
        let mut space = [0; 4096];
        while reading.read(&mut space).await.is_ok_and(|count| count > 0) {}
    };
    let dropped = async {
        tokio::select! {
            // What cannot be written any more was dropped.
            attacked = attacking => drop(attacked),
            () = ended => {}
        }
    };
    // Who is still there when the time is over lasted for all of it.
    drop(timeout(Duration::from_secs(TIME), dropped).await);
    since.elapsed()
}
