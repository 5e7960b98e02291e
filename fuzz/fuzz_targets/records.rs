//! F11: what the store reads back. A record of whichever table is an error, or is written again as one that is read
//! as the same.

#![no_main]

use jeton::store::redb::fuzzing::rewrite;
use jeton_fuzz::TABLES;

jeton_fuzz::target!(|data| {
    let Some((which, record)) = data.split_first() else {
        return;
    };
    let table = TABLES[usize::from(*which) % TABLES.len()];
    let Ok(written) = rewrite(table, record) else {
        return;
    };
    let again = rewrite(table, &written);
    assert_eq!(
        again.as_ref(),
        Ok(&written),
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
