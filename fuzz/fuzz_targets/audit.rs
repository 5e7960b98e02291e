//! F12: the audit log. A chain that was not touched is followed to its end, and says what was put into it; whatever
//! was changed, moved, cut or put in between is found.

#![no_main]

use jeton::{
    crypto::{mac::MacKey, random::Entropy},
    domain::{
        audit::{AuditEntry, FieldChange, Object},
        id::Revision,
        time::Timestamp,
    },
    store::redb::fuzzing::{follow, link, read},
};
use jeton_fuzz::bytes::Bytes;

type Mac = [u8; 32];

jeton_fuzz::target!(|data| {
    let key = MacKey::new(&Entropy::seeded(3).bytes());
    let mut bytes = Bytes::new(data);
    let entries: Vec<AuditEntry> = (0..1 + bytes.below(5))
        .map(|n| entry(n, &mut bytes))
        .collect();
    let mut links = Vec::new();
    let mut mac = [0; 32];
    for (seq, entry) in (1..).zip(&entries) {
        let (bytes, next) = link(entry, (seq, mac), &key);
        links.push(bytes);
        mac = next;
    }
    assert_eq!(walk(&links, &key), Ok(mac), "what was not touched is whole");
    for (n, (bytes, entry)) in links.iter().zip(&entries).enumerate() {
        let record = read(n as u64 + 1, bytes).expect("what was written is read");
        assert_eq!(record.entry, *entry);
    }
    let whole = links.clone();
    tamper(&mut links, &mut bytes);
    if links != whole {
        assert!(
            walk(&links, &key).is_err() || links.len() < whole.len(),
            "nobody noticed"
        );
        assert_ne!(walk(&links, &key), Ok(mac), "nobody noticed");
    }
    for bytes in &links {
        if let Ok(record) = read(1, bytes) {
            let (again, mac) = link(&record.entry, (1, record.prev), &key);
            assert!(read(1, &again).is_ok_and(|it| it.entry == record.entry && it.mac == mac));
        }
    }
});

/// Follows a chain from its beginning; the mac of its last record.
fn walk(links: &[Vec<u8>], key: &MacKey) -> Result<Mac, String> {
    let mut mac = [0; 32];
    for (seq, bytes) in (1..).zip(links) {
        mac = follow(bytes, (seq, mac), key)?;
    }
    Ok(mac)
}

fn entry(n: usize, bytes: &mut Bytes<'_>) -> AuditEntry {
    let object = match bytes.below(3) {
        0 => Object::Server,
        1 => Object::Settings,
        _ => bytes.text().parse().map_or(Object::Server, Object::Client),
    };
    let changes = (0..bytes.below(3)).map(|_| FieldChange {
        field: bytes.text(),
        before: (bytes.below(2) == 0).then(|| bytes.text()),
        after: (bytes.below(2) == 0).then(|| bytes.text()),
    });
    AuditEntry {
        changes: changes.collect(),
        at: Timestamp(bytes.number()),
        actor: bytes.text(),
        action: bytes.text(),
        object,
        revision: Revision(n as u64),
        address: (bytes.below(2) == 0).then(|| [192, 0, 2, bytes.byte()].into()),
        request_id: (bytes.below(2) == 0).then(|| bytes.text()),
    }
}

/// What somebody might do who can write to the file and has not the key.
fn tamper(links: &mut Vec<Vec<u8>>, bytes: &mut Bytes<'_>) {
    let at = bytes.below(links.len());
    match bytes.below(7) {
        0 => {
            let other = bytes.below(links.len());
            links.swap(at, other);
        }
        1 => drop(links.remove(at)),
        2 => {
            let twice = links[at].clone();
            links.insert(at, twice);
        }
        3 => {
            let end = usize::from(bytes.byte()) % (links[at].len() + 1);
            links[at].truncate(end);
        }
        4 => links[at].extend_from_slice(bytes.run()),
        5 => links.insert(at, bytes.rest().to_owned()),
        _ => {
            let link = &mut links[at];
            let place = (usize::from(bytes.byte()) << 8 | usize::from(bytes.byte())) % link.len();
            link[place] ^= bytes.byte();
        }
    }
}
