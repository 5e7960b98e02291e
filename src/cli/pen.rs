//! How things are put for people: moments, tables, lists of facts.
//!
//! A colour never says what a word does not say too.

use std::{cmp::Ordering, fmt::Write};

use comfy_table::{Table, presets::NOTHING};
use time::{
    OffsetDateTime, format_description::StaticFormatDescription, macros::format_description,
};

use crate::domain::time::Timestamp;

/// Writes for people, at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    /// The present moment: what "ago" counts from.
    pub(crate) now: Timestamp,
    /// Whether a terminal shows it that knows colours.
    pub(crate) colours: bool,
}

const MOMENT: StaticFormatDescription =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");

impl Pen {
    /// `25 Nov 2026, 19:00 UTC (3 hours ago)`.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        format!("{} ({})", absolute(at), self.relative(at))
    }

    /// As [`Pen::moment`] of a time as the API writes it; the text itself if it is none.
    pub(crate) fn time(&self, text: &str) -> String {
        text.parse()
            .map_or_else(|_| text.to_owned(), |at| self.moment(at))
    }

    /// As [`Pen::time`], or `otherwise` if there is none.
    pub(crate) fn time_or(&self, text: Option<&str>, otherwise: &str) -> String {
        text.map_or_else(|| otherwise.to_owned(), |text| self.time(text))
    }

    /// `3 hours ago`, `in 24 hours`, `now`.
    pub(crate) fn relative(&self, at: Timestamp) -> String {
        match at.cmp(&self.now) {
            Ordering::Equal => "now".to_owned(),
            Ordering::Less => format!("{} ago", self.now.since(at).in_words()),
            Ordering::Greater => format!("in {}", at.since(self.now).in_words()),
        }
    }

    /// Text that stands out.
    pub(crate) fn strong(&self, text: &str) -> String {
        self.painted("1", text)
    }

    /// Text that needs attention.
    pub(crate) fn warning(&self, text: &str) -> String {
        self.painted("33", text)
    }

    /// Text that only labels other text.
    fn faint(&self, text: &str) -> String {
        self.painted("2", text)
    }

    fn painted(&self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    /// Aligned columns below their titles, or `nothing` if there are no rows.
    pub(crate) fn table<const N: usize>(
        &self,
        titles: [&str; N],
        rows: Vec<[String; N]>,
        nothing: &str,
    ) -> String {
        if rows.is_empty() {
            return format!("{nothing}\n");
        }
        let mut table = Table::new();
        table
            .load_style(NOTHING)
            .set_header(titles.map(str::to_uppercase));
        table.add_rows(rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        let mut text = String::new();
        for (n, line) in table.lines().enumerate() {
            let line = line.trim_end();
            let line = if n == 0 {
                self.strong(line)
            } else {
                line.to_owned()
            };
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    /// Names and what stands for them, aligned and indented.
    pub(crate) fn facts(&self, facts: &[(&str, String)]) -> String {
        let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        facts.iter().fold(String::new(), |mut text, (name, value)| {
            let mut lines = value.lines();
            let first = lines.next().unwrap_or("");
            let name = self.faint(&format!("{name:width$}"));
            let _ = writeln!(text, "{}", format!("  {name}  {first}").trim_end());
            for line in lines {
                let _ = writeln!(text, "  {:width$}  {line}", "");
            }
            text
        })
    }
}

/// `25 Nov 2026, 19:00 UTC`.
pub(crate) fn absolute(at: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp(at.seconds())
        .ok()
        .and_then(|moment| moment.format(MOMENT).ok())
        .unwrap_or_else(|| at.to_string())
}

/// `1 use`, `2 uses`, `1,204 uses`.
pub(crate) fn count(number: u64, one: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} {one}{}", if number == 1 { "" } else { "s" })
}

/// `text`, or `otherwise` where it is empty.
pub(crate) fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// A word as the shell must read it: quoted where it needs to be.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/@=,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEN: Pen = Pen {
        now: Timestamp(1_795_633_200),
        colours: false,
    };

    #[test]
    fn a_moment_is_absolute_and_relative() {
        for (at, text) in [
            (PEN.now, "25 Nov 2026, 19:00 UTC (now)"),
            (
                Timestamp(PEN.now.0 - 10_800),
                "25 Nov 2026, 16:00 UTC (3 hours ago)",
            ),
            (
                Timestamp(PEN.now.0 + 86_400),
                "26 Nov 2026, 19:00 UTC (in 24 hours)",
            ),
        ] {
            assert_eq!(PEN.moment(at), text);
        }
        assert_eq!(
            PEN.time("2026-11-25T19:00:00Z"),
            "25 Nov 2026, 19:00 UTC (now)"
        );
        assert_eq!(PEN.time_or(None, "not used yet"), "not used yet");
    }

    #[test]
    fn a_table_is_aligned_and_ends_without_spaces() {
        let rows = vec![
            ["a".to_owned(), "long one".to_owned()],
            ["longer".to_owned(), "b".to_owned()],
        ];
        assert_eq!(
            PEN.table(["id", "name"], rows, "none"),
            "ID      NAME\na       long one\nlonger  b\n"
        );
        assert_eq!(
            PEN.table(["id"], vec![], "No clients yet."),
            "No clients yet.\n"
        );
    }

    #[test]
    fn facts_are_aligned_and_their_further_lines_too() {
        let facts = [("id", "x".to_owned()), ("scopes", "a\nb".to_owned())];
        assert_eq!(PEN.facts(&facts), "  id      x\n  scopes  a\n          b\n");
    }

    #[test]
    fn numbers_have_units_and_words_are_quoted_for_the_shell() {
        assert_eq!(count(1, "use"), "1 use");
        assert_eq!(count(1_204, "use"), "1,204 uses");
        assert_eq!(count(0, "use"), "0 uses");
        assert_eq!(quoted("https://a.test/x"), "https://a.test/x");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
