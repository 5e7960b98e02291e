//! Giving room back to the disk, while no server runs.

use clap::Args;
use serde_json::json;

use super::{
    data::Data,
    failure::Failure,
    output::{self, Format},
};
use crate::{
    config::{Config, Place},
    store::redb::Repair,
};

/// Give the room in the data file that nothing uses any more back to the disk, while no server runs.
///
/// The file grows as usage is recorded. Old records make room for new ones, but the file keeps its size until then.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  jeton compact
  jeton compact --data /var/lib/jeton")]
pub(crate) struct CompactCommand {}

impl CompactCommand {
    /// Compacts, and says how large the file was and is.
    pub(crate) fn run(self, place: Place, format: Format) -> Result<(), Failure> {
        let Self {} = self;
        let config = Config::resolve_place(place)?;
        let (before, after) = Data::open(&config, Repair::Refuse)?.compact()?;
        match format {
            Format::Json => output::print_json(&json!({ "bytes_before": before, "bytes": after })),
            Format::Human => output::print(&format!("{before} bytes before, {after} bytes now\n")),
        }
        Ok(())
    }
}
