//! `kill -9` of a process that commits: what it said is kept is kept.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use super::*;

/// How often it is killed, unless `JETON_TEST_KILLS` says otherwise.
const KILLS: usize = 30;

/// Where the process that commits finds the file.
const PLACE: &str = "JETON_TEST_FILE";

#[test]
fn what_a_killed_process_said_is_kept_is_kept() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let bench = Bench::new();
    runtime.block_on(async {
        let store = bench.create().unwrap();
        commit(&store, Action::ServerBackup).await.unwrap();
        store.close().await.unwrap();
    });
    let mut known = 1;
    for kill in 0..times("JETON_TEST_KILLS", KILLS) {
        let mut writer = start(&bench);
        let said = BufReader::new(writer.stdout.take().unwrap());
        // 5 to 65 ms, most of them while something is written.
        let moment = u64::from(bench.entropy.bytes::<1>()[0]) % 61 + 5;
        thread::sleep(Duration::from_millis(moment));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let said = said.lines().map_while(Result::ok);
        let kept = said.filter_map(|line| line.strip_prefix("kept ")?.parse::<u64>().ok());
        let latest = kept.last().unwrap_or(known);

        known = runtime.block_on(async {
            let store = bench
                .open()
                .unwrap_or_else(|error| panic!("kill {kill}: {error}"));
            let found = store.load().await.unwrap().revision().0;
            assert!(
                found == latest || found == latest + 1,
                "kill {kill}: {latest} was said to be kept, {found} is there"
            );
            assert_eq!(
                store
                    .verify_audit(crate::store::AuditScope::All)
                    .await
                    .unwrap(),
                found
            );
            store.close().await.unwrap();
            found
        });
    }
    assert!(known > 1, "it was always killed before it kept anything");
}

fn start(bench: &Bench) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::redb::tests::kills::the_process_that_commits",
        ])
        .args(["--ignored", "--nocapture"])
        .env(PLACE, bench.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "run by the test above, again and again, and killed"]
async fn the_process_that_commits() {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    let place = std::env::var(PLACE).unwrap();
    let bench = Bench::new();
    let store = RedbStore::open(place.as_ref(), &bench.master, &bench.entropy).unwrap();
    loop {
        commit(&store, Action::ServerBackup).await.unwrap();
        let revision = store.load().await.unwrap().revision().0;
        println!("kept {revision}");
    }
}
