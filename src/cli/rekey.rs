//! `jeton rekey`: another master key, while the server serves.

use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::{desk::Desk, failure::Failure};

/// Make a new master key and put it in the place of the present one, while the server serves.
///
/// The keys that seal the data are wrapped anew, in one step; clients, their secrets and their tokens notice nothing.
/// The present key is kept beside the new one, as backups that were made before open with it only. Remove it once
/// those are gone, and at once if it is in the wrong hands: but who has it and a copy of the data from before
/// can read that copy all the same, so rotate signing keys and secrets then, too.
///
/// A master key that comes from elsewhere than a file (a variable, a credential) is changed at a start: with the new
/// key, and with the present one as --previous-master-key-file.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  jeton rekey")]
pub(crate) struct RekeyCommand {}

impl RekeyCommand {
    /// Changes it.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let done = desk.post("/server/rekey", json!(null)).await?;
        desk.answer(&done, |pen, it: &RekeyView| {
            let facts = pen.facts(&[
                ("master key", it.master_key_id.clone()),
                ("  file", it.master_key_file.clone()),
                ("the one before", it.previous_master_key_id.clone()),
                ("  file", it.previous_master_key_file.clone()),
            ]);
            format!(
                "{facts}\nKeep a copy of {} somewhere else: without it nobody can read the data, and with it anybody can.\n\
                 Backups that were made before open with {} only.\n",
                it.master_key_file, it.previous_master_key_file
            )
        })
    }
}

#[derive(Deserialize)]
struct RekeyView {
    master_key_id: String,
    master_key_file: String,
    previous_master_key_id: String,
    previous_master_key_file: String,
}
