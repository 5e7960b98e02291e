//! A flood of wrong secrets over real sockets, from many addresses of this machine.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jeton::web::server::{Limits, Listener, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{SHOP, server};

/// How many addresses guess, and how often each does.
const GUESSERS: u8 = 40;
const GUESSES: usize = 60;

/// How often the good client asks meanwhile.
const ASKS: usize = 100;

/// L4, in little
#[tokio::test(flavor = "multi_thread")]
async fn good_clients_go_on_in_a_flood_of_guesses() {
    let server = server().await;
    let good = server.client("good").await.granted(SHOP, "read").await;
    let chosen = "a secret that a person chose, somehow";
    let victim = server.client_with_secret("victim", Some(chosen)).await;
    let victim = victim.granted(SHOP, "read").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving = serve(
        Listener::Tcp(listener),
        server.edge(),
        Limits::default(),
        stop.clone(),
    );
    let mut running = JoinSet::new();
    running.spawn(serving);

    let mut guessers = JoinSet::new();
    for host in 2..2 + GUESSERS {
        let name = if host % 2 == 0 { "victim" } else { "nobody" };
        guessers.spawn(guess(address, Ipv4Addr::new(127, 0, 9, host), name));
    }
    let from = Ipv4Addr::new(127, 0, 1, 1);
    let mut slowest = Duration::ZERO;
    for _ in 0..ASKS {
        for (id, secret) in [("good", &good.secret), ("victim", &victim.secret)] {
            let began = Instant::now();
            let status = post(&mut connect(address, from).await, (id, secret)).await;
            assert_eq!(status, 200, "{id} is served");
            slowest = slowest.max(began.elapsed());
        }
    }

    let mut answers = [0; 2];
    for answered in guessers.join_all().await {
        for (sum, more) in answers.iter_mut().zip(answered) {
            *sum += more;
        }
    }
    let [refused, held_back] = answers;
    assert_eq!(refused + held_back, usize::from(GUESSERS) * GUESSES);
    // Two names in one network.
    assert!(refused <= 2 * 20, "{refused} guesses were looked at");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let found = server.app.client_throttle().held_back(server.app.now());
    assert!(found.unwrap().count >= 2000);
    stop.cancel();
    running.join_all().await;
}

/// How many guesses were looked at, and how many were held back.
async fn guess(address: SocketAddr, from: Ipv4Addr, name: &'static str) -> [usize; 2] {
    let mut stream = connect(address, from).await;
    let mut answers = [0; 2];
    for n in 0..GUESSES {
        let secret = format!("guess {n} of {from}");
        match post(&mut stream, (name, &secret)).await {
            401 => answers[0] += 1,
            429 => answers[1] += 1,
            other => panic!("{other}"),
        }
    }
    answers
}

async fn connect(address: SocketAddr, from: Ipv4Addr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    socket.connect(address).await.unwrap()
}

/// Asks for a token; the status of the answer.
async fn post(stream: &mut TcpStream, (id, secret): (&str, &str)) -> u16 {
    let basic = STANDARD.encode(format!("{id}:{secret}"));
    let form = "grant_type=client_credentials";
    let request = format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: as.test\r\nauthorization: Basic {basic}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.unwrap();
        assert!(count > 0, "the server hung up");
        answer.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                return head[9..12].parse().unwrap();
            }
        }
    }
}
