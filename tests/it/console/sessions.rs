//! Sessions in bad company: strangers who guess, answers that fail, an end that comes from elsewhere.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{Mutex, mpsc},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http,
};
use hyper::body::Frame;
use jeton::{
    admin::{command::Command, draft::Draft, refusal::Refusal},
    domain::{
        actor::Actor,
        id::OperatorId,
        permission::{Permission, Role},
        registry::Registry,
        time::Span,
    },
    web::server::Peer,
};
use tokio::{sync::oneshot, time::timeout};

use super::rotation::{report_service, to};
use crate::harness::{
    browser::{Browser, PASSWORD, Page},
    reply::Reply,
    server::TestServer,
};

const NEW_PASSWORD: [(&str, &str); 1] = [("password", "an evening in late june")];

fn operator(server: &TestServer, email: &str) -> OperatorId {
    let registry = server.app.registry();
    let operator = registry.find_operator_by_email(&email.parse().unwrap());
    operator.unwrap().id.clone()
}

/// The page that asks an operator to confirm that it is them.
async fn asked(server: &TestServer, browser: &mut Browser<'_>) -> Page {
    let page = browser.open("/me").await;
    server.advance(Span::minutes(16)).await;
    let asked = browser.submit(&page, "/me/password", &NEW_PASSWORD).await;
    asked.assert_says("Confirm it is you");
    asked
}

/// A form that comes only when it is told to, and says when it is waited for.
struct Late {
    waited_for: Option<oneshot::Sender<()>>,
    form: Option<oneshot::Receiver<&'static str>>,
}

impl HttpBody for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(waited_for) = self.waited_for.take() {
            waited_for.send(()).unwrap();
        }
        let Some(form) = &mut self.form else {
            return Poll::Ready(None);
        };
        let form = ready!(Pin::new(form).poll(context)).unwrap();
        self.form = None;
        Poll::Ready(Some(Ok(Frame::data(form.into()))))
    }
}

/// Sends a form whose body arrives only after the server knows who sends it and `meanwhile` has
/// happened.
async fn post_late(
    server: &TestServer,
    (browser, path, form): (&Browser<'_>, &str, &'static str),
    meanwhile: impl Future<Output = ()>,
) -> Reply {
    let (waited_for, is_waited_for) = oneshot::channel();
    let (let_go, comes) = oneshot::channel();
    let late = Late {
        waited_for: Some(waited_for),
        form: Some(comes),
    };
    let (name, value) = browser.cookies.iter().next().unwrap();
    let request = http::Request::builder()
        .method("POST")
        .uri(format!("/console{path}"))
        .header("host", "as.test")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", format!("{name}={value}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::new(late))
        .unwrap();
    let peer = Peer::Tcp(SocketAddr::from(([192, 0, 2, 8], 50_000)));
    let send = async {
        is_waited_for.await.unwrap();
        meanwhile.await;
        let_go.send(form).unwrap();
    };
    tokio::join!(server.respond_to(peer, request), send).0
}

/// Console 17, 19.
#[tokio::test]
async fn strangers_who_guess_keep_nobody_from_confirming_who_they_are() {
    let server = TestServer::start().await;
    let mut ana = server.signed_in(Role::Operator).await;
    let asked = asked(&server, &mut ana).await;
    let mut stranger = server.browser();
    for _ in 0..6 {
        stranger.sign_in("operator@example.com", "a guess").await;
    }

    let confirmed = ana
        .submit(&asked, "/me/password", &[("confirm_password", PASSWORD)])
        .await;

    confirmed.assert_says("Your password is changed.");
    let guess = stranger.sign_in("operator@example.com", "a guess").await;
    guess.assert_status(429);
}

/// Console 19.
#[tokio::test]
async fn a_stolen_session_is_no_way_to_guess_a_password() {
    let server = TestServer::start().await;
    let mut thief = server.signed_in(Role::Operator).await;
    let asked = asked(&server, &mut thief).await;
    let guess = [("confirm_password", "a guess")];

    for _ in 0..5 {
        let wrong = thief.submit(&asked, "/me/password", &guess).await;
        wrong.assert_says("That is not your password");
    }
    let slowed = thief
        .submit(&asked, "/me/password", &[("confirm_password", PASSWORD)])
        .await;

    slowed.assert_status(429);
    slowed.assert_says("Wait 1 second");
    let mut ana = server.browser();
    let page = ana.sign_in("operator@example.com", PASSWORD).await;
    page.assert_says("Dashboard");
}

/// A command that takes until it is told to end, and keeps all others waiting.
struct Slow(Mutex<mpsc::Receiver<()>>);

impl Command for Slow {
    type Outcome = ();

    const NEEDS: Permission = Permission::WriteClients;

    fn decide(self, _: &Registry, _: &mut Draft) -> Result<(), Refusal> {
        self.0.into_inner().unwrap().recv().unwrap();
        Ok(())
    }
}

/// Console 19.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_signs_nobody_out() {
    let server = TestServer::start().await;
    let _client = report_service(&server).await;
    let mut browser = server.signed_in(Role::Operator).await;
    let page = browser.open(&to("rotate")).await;
    server.advance(Span::minutes(16)).await;
    let asked = browser.submit(&page, &to("rotate"), &[]).await;
    asked.assert_says("Confirm it is you");
    let (end, ended) = mpsc::channel();
    let slow = server.app.execute(Actor::local(0), Slow(Mutex::new(ended)));

    let given_up = async {
        let proof = [("confirm_password", PASSWORD)];
        let path = to("rotate");
        let sent = browser.submit(&asked, &path, &proof);
        let given_up = timeout(Duration::from_secs(3), sent).await;
        end.send(()).unwrap();
        given_up
    };
    let (_, given_up) = tokio::join!(slow, given_up);

    assert!(given_up.is_err(), "it was answered");
    let page = browser.open("/me").await;
    page.assert_says("Your account");
}

#[tokio::test]
async fn who_is_signed_out_elsewhere_stays_signed_out() {
    let forms = [
        ("/me/name", "name=Ana"),
        (
            "/me/password",
            "password=an+evening+in+late+june&confirm_password=a+quiet+morning+in+may",
        ),
    ];
    for (path, form) in forms {
        let server = TestServer::start().await;
        let browser = server.signed_in(Role::Operator).await;
        let ana = operator(&server, "operator@example.com");
        server.advance(Span::minutes(16)).await;

        let reply = post_late(&server, (&browser, path, form), async {
            server.app.sessions().end_all_of(&ana, None).await.unwrap();
        })
        .await;

        assert!(
            reply.header("location").starts_with("/console/sign-in"),
            "{path}: {reply:?}"
        );
        let left = server.app.sessions().of(&ana).await.unwrap();
        assert!(left.is_empty(), "{path}");
        let cookie = reply.headers.get("set-cookie");
        assert!(cookie.is_none(), "{path}: it could undo a newer one");
    }
}
