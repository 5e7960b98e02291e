//! From start to ready, and how much memory it then takes: the program itself, on a directory that was filled.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use jeton::{
    config::MasterKeySource,
    crypto::random::Entropy,
    store::{Store, master_key, redb::RedbStore},
};
use tokio::runtime::Runtime;

use crate::{Figures, fill, process::ServerProcess};

/// Numbers of clients, and how many seconds a start may take with them.
const STARTS: [(usize, f64); 3] = [(1_000, 0.1), (100_000, 1.0), (1_000_000, 10.0)];

/// How many bytes of memory a client may take, with one secret and one grant.
const PER_CLIENT: f64 = 1024.0;

/// The best of so many starts counts: others use the machine as well.
const TIMES: usize = 5;

pub(crate) fn measure(figures: &mut Figures) {
    let mut server = ServerProcess::start();
    thread::sleep(Duration::from_secs(2));
    let empty = memory(&server);
    server.ask_to_end();
    server.ended();
    for (clients, most) in STARTS {
        let mut server = ServerProcess::start();
        server.ask_to_end();
        server.ended();
        let data = server.data();
        let runtime = Runtime::new().unwrap();
        let source = MasterKeySource::File(data.join("master.key"));
        let master = master_key::load(&source).unwrap();
        let store = RedbStore::open(&data.join("jeton.redb"), &master, &Entropy::os()).unwrap();
        runtime.block_on(async {
            fill::fill(&store, clients).await;
            store.close().await.unwrap();
        });
        let taken = (0..TIMES).map(|_| start(&mut server).as_secs_f64());
        let best = taken.fold(f64::INFINITY, f64::min);
        figures.at_most(most, &format!("start with {clients} clients"), (best, "s"));
        server.spawn_again();
        wait_until_ready(server.address());
        thread::sleep(Duration::from_secs(2));
        let each = (memory(&server) - empty) / clients as f64;
        if clients == 100_000 {
            let what = format!("memory of each of {clients} clients");
            figures.at_most(PER_CLIENT, &what, (each, "bytes"));
        } else {
            println!("  memory of each of {clients} clients: {each:.0} bytes");
        }
        server.ask_to_end();
        server.ended();
    }
}

/// Starts the server and ends it again: how long it took until it was ready.
fn start(server: &mut ServerProcess) -> Duration {
    let begun = Instant::now();
    server.spawn_again();
    wait_until_ready(server.address());
    let took = begun.elapsed();
    server.ask_to_end();
    server.ended();
    took
}

fn wait_until_ready(address: SocketAddr) {
    while !is_ready(address) {
        thread::sleep(Duration::from_millis(1));
    }
}

fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let request = "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = String::new();
    let asked = stream.write_all(request.as_bytes());
    asked.is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200 ")
}

/// What the process holds in memory, in bytes.
fn memory(server: &ServerProcess) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
    kilobytes.parse::<f64>().unwrap() * 1024.0
}
