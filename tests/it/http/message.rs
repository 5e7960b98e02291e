//! HTTP/1 messages, good and bad: framing, pipelining, sizes.

use jeton::web::server::Limits;

use super::kit::{House, Reply, Wire, assert_took, milliseconds, patient};

/// What the server answers to these bytes, until it closes or has nothing more to say.
async fn answers(house: &House, bytes: impl AsRef<[u8]>) -> (Vec<Reply>, bool) {
    let mut wire = house.connect().await;
    wire.send(bytes).await;
    let mut replies = Vec::new();
    loop {
        match tokio::time::timeout(milliseconds(250), wire.try_reply()).await {
            Ok(Some(reply)) => replies.push(reply),
            Ok(None) => return (replies, true),
            Err(_) => return (replies, false),
        }
    }
}

/// Says once that it does not understand, closes, and takes nothing that follows for a request.
#[track_caller]
fn assert_refused((replies, closed): (Vec<Reply>, bool), statuses: &[u16], sent: &str) {
    let found: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert!(
        matches!(&found[..], [status] if statuses.contains(status)),
        "{sent:?} got {found:?}"
    );
    assert!(
        closed && replies[0].closes(),
        "{sent:?} must end the connection: {replies:?}"
    );
}

const AFTER: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/// H-12
#[tokio::test]
async fn a_body_that_two_readers_could_frame_differently_is_refused() {
    let house = House::start(patient()).await;

    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "content-length: 5\r\ntransfer-encoding: CHUNKED",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5, 6",
        "Content-Length: 5, 5",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 0x5",
        "Content-Length: 5.0",
        "Content-Length: 5 6",
        "Content-Length: \"5\"",
        "Content-Length:",
        "Content-Length: 18446744073709551621",
        "Content-Length : 5",
        "Content-Length\t: 5",
        "Content_Length: 5\r\n Content-Length: 6",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked;a=b",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: \x0bchunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\0: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "X: a\nTransfer-Encoding: chunked",
        "X: a\rTransfer-Encoding: chunked",
    ] {
        let sent = format!("POST /echo HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n0\r\n\r\n{AFTER}");
        assert_refused(answers(&house, &sent).await, &[400, 501], &sent);
    }
    let old = format!("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{AFTER}");
    assert_refused(answers(&house, &old).await, &[400], &old);
}

/// H-12
#[tokio::test]
async fn malformed_chunks_are_refused() {
    let house = House::start(patient()).await;
    let long = format!("5;{}\r\nabcde\r\n0\r\n\r\n", "a".repeat(20_000));

    for body in [
        "5\nabcde\r\n0\r\n\r\n",
        "5\r\nabcde0\r\n\r\n",
        "5\r\nabcde\n0\r\n\r\n",
        "5\r\nabcdef\r\n0\r\n\r\n",
        "5;a\nb\r\nabcde\r\n0\r\n\r\n",
        "5;a\rb\r\nabcde\r\n0\r\n\r\n",
        "5 \r\nabcde\r\n0\r\n\r\n",
        " 5\r\nabcde\r\n0\r\n\r\n",
        "+5\r\nabcde\r\n0\r\n\r\n",
        "-5\r\nabcde\r\n0\r\n\r\n",
        "0x5\r\nabcde\r\n0\r\n\r\n",
        "5h\r\nabcde\r\n0\r\n\r\n",
        "\r\nabcde\r\n0\r\n\r\n",
        "10000000000000005\r\nabcde\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nabcde\r\n0\r\n\r\n",
        "5\r\nabcde\r\n0\r\nX: a\nY: b\r\n\r\n",
        &long,
    ] {
        let sent = format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}{AFTER}"
        );
        assert_refused(answers(&house, &sent).await, &[400, 413], &sent);
    }
}

/// H-16, H-13
#[tokio::test]
async fn heads_that_break_the_grammar_are_refused() {
    let house = House::start(patient()).await;

    for head in [
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r\n b",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\0b",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\rb",
        "GET /hello HTTP/1.1\nHost: a",
        "GET /hello HTTP/1.1\r\nHost: a\r\nno colon",
        "GET /hello HTTP/1.1\r\nHost: a\r\n: no name",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX Y: a",
        "GET /hello HTTP/1.1\r\n Host: a",
        "GET /hello HTTP/1.1\r\nHost: a\r\nHost: a",
        "GET /hello HTTP/1.1\r\nHost: a\r\nhost: b",
        "GET /hello HTTP/1.1",
        "GET /hello HTTP/1.1\r\nHost: a b",
        "GET /hello HTTP/1.1\r\nHost: user@a",
        "GET /hello HTTP/1.1\r\nHost: a/b",
        "GET /hello HTTP/1.1\r\nHost: a,b",
        "GET  /hello HTTP/1.1\r\nHost: a",
        "GET /he llo HTTP/1.1\r\nHost: a",
        "GET /hello\0 HTTP/1.1\r\nHost: a",
        "GET hello HTTP/1.1\r\nHost: a",
        "GET /hello HTTP/1.1 \r\nHost: a",
        "G(T /hello HTTP/1.1\r\nHost: a",
        "GET /hello",
        "GET /hello#x HTTP/1.1\r\nHost: a",
        "GET /<hello> HTTP/1.1\r\nHost: a",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX: a\r",
        "GET /hello HTTP/1.1\r\nHost: a\r\nX:\x0ca",
        "\x16\x03\x01\x02\r\n",
    ] {
        let sent = format!("{head}\r\n\r\n{AFTER}");
        let refused = answers(&house, &sent).await;
        let in_our_words = |reply: &Reply| reply.header("x-request-id").is_some();
        assert!(refused.0.iter().all(in_our_words), "{sent:?}: {refused:?}");
        assert_refused(refused, &[400], &sent);
    }
    for version in ["HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0"] {
        let sent = format!("GET /hello {version}\r\nHost: a\r\n\r\n{AFTER}");
        assert_refused(answers(&house, &sent).await, &[505], &sent);
    }
}

/// H-13
#[tokio::test]
async fn every_form_of_target_is_understood() {
    let house = House::start(patient()).await;
    let mut wire = house.connect().await;

    for (target, status) in [
        ("/hello", 200),
        ("http://elsewhere.example/hello", 200),
        ("http://a/hello?x=y", 200),
        ("/%68ello", 404),
    ] {
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a:8080\r\n\r\n"))
            .await;
        assert_eq!(wire.reply().await.status, status, "{target}");
    }
    wire.send("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n").await;
    assert_eq!(wire.reply().await.status, 404);
}

/// H-14
#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let house = House::start(patient()).await;
    let post = |body: &str| {
        format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let chunked =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n";
    let all = [
        &post("one"),
        chunked,
        "\r\n\r\n",
        AFTER,
        &post("three"),
        "GET /wait?ms=50 HTTP/1.1\r\nHost: a\r\n\r\n",
        &post("four"),
    ]
    .concat();

    for pieces in [all.len(), 1, 7, 100] {
        let mut wire = house.connect().await;
        for piece in all.as_bytes().chunks(pieces) {
            wire.send(piece).await;
        }
        for expected in ["one", "two", "hello", "three", "waited", "four"] {
            wire.reply().await.assert_ok(expected);
        }
    }
}

/// H-14
#[tokio::test]
async fn a_body_that_was_not_read_is_never_taken_for_a_request() {
    let house = House::start(patient()).await;

    for path in ["/ignore", "/hello", "/nowhere"] {
        let smuggled = "GET /who HTTP/1.1\r\nHost: a\r\n\r\n";
        let sent = format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{smuggled}{AFTER}",
            smuggled.len()
        );
        let (replies, _) = answers(&house, &sent).await;
        assert!(
            !replies.iter().any(|reply| reply.body.contains("127.0.0.1")),
            "{path}: {replies:?}"
        );
        assert!(
            replies.len() == 1 || replies[1].body == "hello",
            "{path}: {replies:?}"
        );
    }
}

/// H-11
#[tokio::test]
async fn a_chunked_body_is_read_and_the_connection_goes_on() {
    let house = House::start(patient()).await;
    let mut wire = house.connect().await;

    wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    wire.send("5;name=\"value\"\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n")
        .await;
    wire.reply().await.assert_ok("hello world");

    wire.get("/hello").await.assert_ok("hello");
}

/// H-15
#[tokio::test]
async fn a_body_is_invited_when_it_will_be_read() {
    let house = House::start(Limits {
        max_body_bytes: 10,
        ..patient()
    })
    .await;
    let ask = |path, length| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };

    let mut invited = house.connect().await;
    invited.send(ask("/echo", 5)).await;
    assert_eq!(invited.reply().await.status, 100);
    invited.send("hello").await;
    invited.reply().await.assert_ok("hello");

    let mut uninvited = house.connect().await;
    uninvited.send(ask("/echo", 11)).await;
    assert_eq!(uninvited.reply().await.status, 413);

    let mut unknown = house.connect().await;
    unknown
        .send("GET /hello HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n")
        .await;
    unknown.reply().await.assert_ok("hello");
}

/// H-10
#[tokio::test]
async fn bodies_above_the_limit_are_refused_without_reading_them() {
    let house = House::start(Limits {
        max_body_bytes: 1000,
        ..patient()
    })
    .await;
    let declared = |path, length| {
        format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
    };
    let chunked = |path| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n{}\r\n",
            "a".repeat(1001)
        )
    };

    for sent in [
        declared("/echo", 1001),
        declared("/hello", 10_000_000_000_u64),
        chunked("/echo"),
    ] {
        assert_refused(answers(&house, &sent).await, &[413], &sent);
    }
    let (replies, _) = answers(&house, chunked("/read")).await;
    assert_eq!(
        (replies[0].status, replies[0].body.as_str()),
        (413, "the route saw it was large")
    );
    let (replies, _) = answers(
        &house,
        format!("{}{}", declared("/read", 1000), "a".repeat(1000)),
    )
    .await;
    replies[0].assert_ok("1000 bytes");
}

/// H-10: a peer that sends on although it was refused is let finish, lest a reset overtake the answer.
#[tokio::test]
async fn a_refusal_is_not_overtaken_by_a_reset() {
    let house = House::start(patient()).await;
    let mut wire = house.connect().await;

    wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 150000\r\n\r\n")
        .await;
    for _ in 0..15 {
        assert!(wire.try_send("a".repeat(10_000)).await);
        tokio::time::sleep(milliseconds(10)).await;
    }

    assert_eq!(wire.reply().await.status, 413);
}

/// H-10
#[tokio::test]
async fn heads_and_targets_above_their_limits_are_refused() {
    let house = House::start(patient()).await;
    let with_target = |length: usize| {
        format!(
            "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
            "a".repeat(length - 1)
        )
    };
    let with_field = |length| {
        format!(
            "GET /hello HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
            "a".repeat(length)
        )
    };

    assert_eq!(answers(&house, with_target(8192)).await.0[0].status, 404);
    for length in [8193, 100_000] {
        assert_refused(answers(&house, with_target(length)).await, &[414], "target");
    }
    assert_eq!(answers(&house, with_field(16_384)).await.0[0].status, 200);
    for length in [33_000, 1_000_000] {
        assert_refused(answers(&house, with_field(length)).await, &[431], "field");
    }
    let many = format!(
        "GET /hello HTTP/1.1\r\nHost: a\r\n{}\r\n",
        "X: a\r\n".repeat(101)
    );
    assert_refused(answers(&house, many).await, &[431], "fields");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let house = House::start(patient()).await;
    let mut stream = tokio::net::TcpStream::connect(house.address).await.unwrap();
    let sent = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc";

    tokio::io::AsyncWriteExt::write_all(&mut stream, sent)
        .await
        .unwrap();
    tokio::io::AsyncWriteExt::shutdown(&mut stream)
        .await
        .unwrap();

    let mut wire = Wire::new(stream);
    assert_eq!(wire.reply().await.status, 400);
    assert_took(wire.ended().await, 0, 500);
}

/// A peer that has said all may close its side and still hear the answer.
#[tokio::test]
async fn a_half_closed_connection_gets_its_answer() {
    let house = House::start(patient()).await;
    let mut stream = tokio::net::TcpStream::connect(house.address).await.unwrap();

    tokio::io::AsyncWriteExt::write_all(
        &mut stream,
        b"GET /wait?ms=100 HTTP/1.1\r\nHost: a\r\n\r\n",
    )
    .await
    .unwrap();
    tokio::io::AsyncWriteExt::shutdown(&mut stream)
        .await
        .unwrap();

    let mut wire = Wire::new(stream);
    wire.reply().await.assert_ok("waited");
    assert_took(wire.ended().await, 0, 500);
}

#[tokio::test]
async fn an_old_client_gets_one_answer_per_connection() {
    let house = House::start(patient()).await;
    let sent = "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

    let (replies, closed) = answers(&house, format!("{sent}{sent}")).await;

    assert_eq!((replies.len(), closed), (1, true), "{replies:?}");
    replies[0].assert_ok("hello");
}
