//! From an older format to this one: in one transaction, before anybody reads.
//!
//! | format | what it added |
//! | --- | --- |
//! | 1 | the first |
//! | 2 | the tables `sessions`, `settings` and `handovers`; fields in records of clients and operators |
//! | 3 | the table `revocations`; fields in records of clients; two more outcomes of requests |
//! | 4 | the tables `registration_tokens`, `assertions`, `acme` and `usage_exercised`; more kinds of credentials; fields in records of clients and APIs |
//! | 5 | the table `state`; fields in records of clients, of APIs and of the policy; four more outcomes of requests |
//! | 6 | the table `issued_tokens`; the tables `usage_spans` and `usage_scope_spans`, instead of `usage_days` and `usage_scopes` |
//!
//! Records of an older format are read as they are: what they do not say has a value that means
//! "not yet". They are written in the new form when they next change.

use redb::{Database, ReadableDatabase};

use super::{
    Fault,
    head::{Clear, FORMAT, Head},
    tables::{ADDED, META, Records},
};
use crate::store::keyring::Keyring;

/// Brings a file of an older format up to this one. Does nothing to any other.
pub(super) fn run(database: &Database, keys: &Keyring) -> Result<(), Fault> {
    let format = Clear::read(&database.begin_read()?.open_table(META)?)?.format;
    if format >= FORMAT {
        return Ok(());
    }
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    for records in missing(format) {
        transaction.open_table(records.definition())?;
    }
    Head::load_for_change(&transaction, keys)?.store(&transaction, keys)?;
    transaction.commit()?;
    Ok(())
}

/// The tables that a file of this format does not have yet.
pub(super) fn missing(format: u32) -> impl Iterator<Item = Records> {
    let added = ADDED.into_iter();
    added.filter_map(move |(since, table)| (since > format).then_some(table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::redb::head::FORMAT;

    #[test]
    fn a_file_lacks_the_tables_that_came_after_its_format() {
        let names = |format| -> Vec<_> { missing(format).map(|it| it.0).collect() };
        assert_eq!(names(1).len(), ADDED.len());
        assert_eq!(
            names(5),
            ["issued_tokens", "usage_spans", "usage_scope_spans"]
        );
        assert_eq!(names(FORMAT), [""; 0]);
    }
}
