//! The console in a real browser: Debian's Chromium, driven by the programs of `tests/browser`.
//!
//! The server is the one in this process, so that its clock can be moved and its past made up; what
//! the browser sees comes over a socket.

mod driver;

use serde_json::{Value, json};

use self::driver::{drive, run};
use crate::{
    console::restart::populate,
    harness::{browser::PASSWORD, process::ServerProcess},
    world::World,
};

/// Console 4, 20, 22, 28, 31, 34, 35, 36, 37, 44, 50.
#[tokio::test(flavor = "multi_thread")]
async fn operators_do_their_work_by_mouse_by_keyboard_and_without_script() {
    let world = World::new().await;

    let wrong = drive(&world, "tasks").await;

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Console 1, 2, 5, 6, 7, 9, 10: with `SCREENSHOTS=DIR`, every page is drawn there as well.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_and_fits() {
    let world = World::new().await;

    let wrong = drive(&world, "pages").await;

    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Console 4, 14, 37, 42: with real tokens, and a process that ends in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_set_up_and_a_rotation_outlives_its_restart() {
    let mut server = ServerProcess::start();
    let log = server.log();
    let link = log.split_whitespace();
    let link = link
        .into_iter()
        .find(|word| word.contains("/console/set-up?code="));
    let start = json!({"base": server.issuer(), "link": link.unwrap(), "password": PASSWORD});

    let wrong = run("process", &start, async |wish| {
        match wish["do"].as_str().unwrap() {
            "log" => json!({"log": server.log()}),
            "populate" => json!({"secret": populate(&server)}),
            "restart" => {
                server.restart();
                Value::Null
            }
            other => panic!("nobody knows how to do {other:?}"),
        }
    });

    let wrong = wrong.await;
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
