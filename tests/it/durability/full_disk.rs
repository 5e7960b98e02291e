//! A disk that is full, as the system says it.

use std::{fs, thread, time::Duration};

use super::flight::Login;
use crate::harness::process::{ServerProcess, wait_for};

const DISK: usize = 8 * 1024 * 1024;
const RESERVE: &str = "1048576";

#[test]
fn on_a_full_disk_tokens_are_issued_and_rights_can_still_be_taken_away() {
    let server = ServerProcess::start_on_small_disk(DISK, &["--disk-reserve-bytes", RESERVE]);
    let login = Login::of_a_new_client(&server);
    let filler = server.data().join("filler");
    fs::write(&filler, vec![b'x'; 2 * DISK]).unwrap_err();

    let refused = server.run(&["client", "create", "One More"]);
    assert_eq!(refused.status.code(), Some(69));
    login.ask(&server);
    wait_for("it is never degraded", || is(&server, "degraded"));
    // Looking does not make it well.
    for _ in 0..15 {
        thread::sleep(Duration::from_millis(200));
        assert!(is(&server, "degraded"), "{}", server.log());
    }

    server.jeton(&["client", "disable", login.client()]);
    assert_eq!(login.try_ask(server.address()), None);
    server.jeton(&["issuance", "halt", "--reason", "the disk is full"]);
    let refused = server.run(&["issuance", "resume"]);
    assert_eq!(refused.status.code(), Some(69), "it gives a right back");

    fs::remove_file(&filler).unwrap();
    wait_for("it never resumes", || {
        server.run(&["issuance", "resume"]).status.success()
    });
    wait_for("it is never ready again", || is(&server, "ready"));
    let client = server.jeton(&["client", "show", login.client()]);
    assert_eq!(client["status"], "disabled");
    server.jeton(&["client", "create", "One More"]);
    let names = server.jeton(&["client", "list"]);
    assert_eq!(names["data"].as_array().unwrap().len(), 2, "{names:?}");
}

fn is(server: &ServerProcess, state: &str) -> bool {
    server.jeton(&["status"])["ready"] == state
}
