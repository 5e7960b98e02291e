//! What was measured, beside what it must be.

use std::process::ExitCode;

#[derive(Default)]
pub(crate) struct Figures {
    part: &'static str,
    rows: Vec<Row>,
}

struct Row {
    part: &'static str,
    what: String,
    value: String,
    must: String,
    is_kept: bool,
}

impl Figures {
    pub(crate) fn begin(&mut self, part: &'static str) {
        self.part = part;
    }

    /// A figure that says nothing of good or bad.
    pub(crate) fn say(&mut self, what: &str, value: String) {
        self.row(what, value, String::new(), true);
    }

    /// A number that must not be larger than another.
    pub(crate) fn at_most(&mut self, what: &str, value: f64, most: f64) {
        self.row(
            what,
            format!("{value:.2}"),
            format!("≤ {most}"),
            value <= most,
        );
    }

    /// A number that must not be smaller than another.
    pub(crate) fn at_least(&mut self, what: &str, value: f64, least: f64) {
        self.row(
            what,
            format!("{value:.2}"),
            format!("≥ {least}"),
            value >= least,
        );
    }

    /// How often something happened that must not.
    pub(crate) fn none(&mut self, what: &str, count: usize) {
        self.row(what, count.to_string(), "0".to_owned(), count == 0);
    }

    fn row(&mut self, what: &str, value: String, must: String, is_kept: bool) {
        println!(
            "  {what}: {value} {must}{}",
            if is_kept { "" } else { "  MISSED" }
        );
        self.rows.push(Row {
            part: self.part,
            what: what.to_owned(),
            value,
            must,
            is_kept,
        });
    }

    /// Prints all of them; fails if one is not what it must be.
    pub(crate) fn print(&self) -> ExitCode {
        println!(
            "\n{:<9} {:<66} {:>14} {:>9}",
            "part", "figure", "value", "must be"
        );
        for row in &self.rows {
            let mark = if row.is_kept { "" } else { "  missed" };
            println!(
                "{:<9} {:<66} {:>14} {:>9}{mark}",
                row.part, row.what, row.value, row.must
            );
        }
        let missed = self.rows.iter().filter(|row| !row.is_kept).count();
        println!("{missed} of {} figures missed", self.rows.len());
        if missed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
