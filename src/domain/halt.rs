//! Halts: the server goes on, and issues no tokens, at all or for one API.
//!
//! What was issued goes on to count: a halt stops nothing else. To stop clients, APIs or tokens there are
//! other ways.

use super::{audit::Facts, name::HaltReason, time::Timestamp};

/// That no tokens are issued.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Halt {
    /// Since when.
    pub since: Timestamp,
    /// Why, for operators alone: who is refused is not told.
    pub reason: HaltReason,
    /// By whom, as the audit log names them.
    pub by: String,
}

impl Halt {
    /// What the audit log may say of whether there is one.
    pub fn add_facts(halt: Option<&Self>, all: &mut Facts) {
        if let Some(halt) = halt {
            all.insert("halted".to_owned(), halt.reason.to_string());
        }
    }
}
