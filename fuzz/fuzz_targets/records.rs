//! F11: what the store reads back. A record of whichever table is an error, or is written again as one that is read
//! as the same.

#![no_main]

use jeton::store::redb::fuzzing::rewrite;
use jeton_fuzz::{TABLES, json::nearly};

jeton_fuzz::target!(|data| {
    let Some((which, record)) = data.split_first() else {
        return;
    };
    let table = TABLES[usize::from(*which) % TABLES.len()];
    let Ok(written) = rewrite(table, record) else {
        return;
    };
    let again = rewrite(table, &written).unwrap_or_else(|error| panic!("{table}: {error}"));
    assert!(
        is_same(&written, &again),
        "{table}: {}",
        written.escape_ascii()
    );
    let cut = rewrite(table, &written[..written.len() - 1]);
    assert!(cut.is_err(), "{table}: a byte is missing at the end");
    let longer = rewrite(table, &[written.as_slice(), b"0"].concat());
    assert!(longer.is_err(), "{table}: there is a byte too many");
    for version in [0, written[0] ^ 3, u8::MAX] {
        let other = rewrite(table, &[&[version], &written[1..]].concat());
        assert!(
            other.is_err(),
            "{table}: the version {version} is not known"
        );
    }
});

/// Whether two records say the same: to the byte, but for fractions in JSON.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let json = |bytes: &[u8]| serde_json::from_slice(bytes.get(1..)?).ok();
    let both = json(one).zip(json(other));
    one == other || both.is_some_and(|(one, other)| nearly(&one, &other))
}
