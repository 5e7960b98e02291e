//! Damage: a file that was changed opens with the same content or not at all.

use std::fs;

use super::*;

/// How many places are damaged in each test, unless `JETON_TEST_DAMAGES` says otherwise.
const PLACES: usize = 300;

#[tokio::test]
async fn a_damaged_file_opens_as_it_was_or_not_at_all() {
    let (bench, content) = Bench::filled(12).await;
    let whole = fs::read(bench.path()).unwrap();

    try_damages(&bench, &whole, &content).await;
}

#[tokio::test]
async fn a_file_damaged_after_a_crash_opens_as_it_was_or_not_at_all() {
    let bench = Bench::new();
    let store = bench.create().unwrap();
    fill(&store, 12).await;
    let content = Content::of(&store).await;
    // What a killed process leaves: everything is written, nothing is closed.
    let crashed = fs::read(bench.path()).unwrap();
    store.close().await.unwrap();

    fs::write(bench.path(), &crashed).unwrap();
    assert_eq!(Content::of(&bench.open().unwrap()).await, content);
    try_damages(&bench, &crashed, &content).await;
}

async fn try_damages(bench: &Bench, whole: &[u8], content: &Content) {
    let entropy = Entropy::seeded(6);
    let random =
        |below: usize| usize::try_from(u32::from_be_bytes(entropy.bytes())).unwrap() % below;
    let (mut refused, mut harmless) = (0, 0);
    let places = times("JETON_TEST_DAMAGES", PLACES);
    for place in 0..places {
        let mut bytes = whole.to_vec();
        let at = random(bytes.len());
        let page = at - at % 4096;
        match place % 5 {
            0..=2 => bytes[at] ^= 1 << random(8),
            3 => bytes[page..page + 4096].fill(0),
            _ => bytes.truncate(at),
        }
        fs::write(bench.path(), &bytes).unwrap();
        if let Ok(store) = bench.open() {
            assert_eq!(
                Content::of(&store).await,
                *content,
                "place {place}, byte {at}"
            );
            harmless += 1;
        } else {
            assert_eq!(fs::read(bench.path()).unwrap(), bytes, "place {place}");
            refused += 1;
        }
    }
    assert!(
        refused > places / 4,
        "{refused} refused, {harmless} harmless"
    );
}

#[tokio::test]
async fn no_bit_of_the_header_turns_back_the_time() {
    let (bench, content) = Bench::filled(4).await;
    let whole = fs::read(bench.path()).unwrap();
    for bit in 9 * 8..64 * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(bench.path(), &bytes).unwrap();
        if let Ok(store) = bench.open() {
            assert_eq!(Content::of(&store).await, content, "bit {bit}");
        }
    }
}
