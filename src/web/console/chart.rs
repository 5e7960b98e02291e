//! Charts: shapes in SVG, made here, coloured by the stylesheet. Words stand beside them in HTML.
//!
//! No script and no style attribute: they are clean under the console's content security policy.

use std::fmt::{self, Write};

use askama::{Template, filters::HtmlSafe};

/// Markup that was made here of numbers alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Svg(String);

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Svg {}

/// How a line looks, everywhere: the new secret is solid, the old one dashed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ink {
    /// The only line, or the one that matters.
    Plain,
    /// What it is compared with: last week.
    Faint,
    /// The new secret.
    New,
    /// The old secret.
    Old,
}

impl Ink {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "l-ink",
            Self::Faint => "l-faint",
            Self::New => "l-new",
            Self::Old => "l-old",
        }
    }

    /// The word for its badge.
    pub(super) const fn tone(self) -> &'static str {
        match self {
            Self::Plain | Self::Faint => "",
            Self::New => "new",
            Self::Old => "old",
        }
    }
}

/// A line, from the oldest point to the newest.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// How it looks.
    pub(super) ink: Ink,
    /// What stands at its end: `New 46/h`; nothing is the empty text.
    pub(super) label: String,
    /// Its points, evenly spaced.
    pub(super) points: Vec<u64>,
}

/// A plot of one or two lines, with its words.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/plot.html")]
pub(super) struct Plot {
    /// What it shows, in a sentence, for those who do not see it.
    pub(super) sentence: String,
    /// Where the horizontal axis begins and ends: `24 hours ago`, `now`.
    pub(super) from: String,
    /// See there.
    pub(super) until: String,
    /// The lines; later ones are drawn over earlier ones, and named before them.
    pub(super) lines: Vec<Line>,
}

impl HtmlSafe for Plot {}

impl Plot {
    /// What the vertical axis ends at: a round number that no point is above.
    pub(super) fn top(&self) -> u64 {
        let points = self.lines.iter().flat_map(|line| &line.points);
        round_up(points.copied().max().unwrap_or(0))
    }

    /// The middle of the vertical axis, if it is a whole number.
    pub(super) fn middle(&self) -> String {
        let top = self.top();
        if top.is_multiple_of(2) {
            super::words::number(top / 2)
        } else {
            String::new()
        }
    }

    /// The top of the vertical axis, as it is written.
    pub(super) fn top_in_words(&self) -> String {
        super::words::number(self.top())
    }

    /// The lines.
    pub(super) fn shapes(&self) -> Svg {
        let mut svg = String::new();
        for y in [0, 50, 100] {
            let _ = write!(
                svg,
                r#"<line class="ax" x1="0" x2="100" y1="{y}" y2="{y}"/>"#
            );
        }
        for line in &self.lines {
            let path = path(&line.points, self.top(), (100.0, 100.0));
            let _ = write!(svg, r#"<path class="{}" d="{path}"/>"#, line.ink.class());
        }
        Svg(svg)
    }
}

/// A small line without words, for a row of a table.
pub(super) fn sparkline(points: &[u64]) -> Svg {
    let top = points.iter().copied().max().unwrap_or(0).max(1);
    let path = path(points, top, (96.0, 20.0));
    Svg(format!(
        r#"<svg class="chart spark" viewBox="0 -2 96 24" preserveAspectRatio="none" aria-hidden="true"><path class="l-ink" d="{path}"/></svg>"#
    ))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a point's place on a chart needs no more than two digits"
)]
fn path(points: &[u64], top: u64, (width, height): (f64, f64)) -> String {
    let mut path = String::new();
    let steps = points.len().saturating_sub(1).max(1) as f64;
    for (n, point) in points.iter().enumerate() {
        let (x, y) = (
            width * n as f64 / steps,
            height * (1.0 - *point as f64 / top.max(1) as f64),
        );
        let command = if n == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command}{} {}", to_tenths(x), to_tenths(y));
    }
    path
}

/// As exact as a chart needs it: a page of a long list has many lines.
fn to_tenths(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

/// The next of 2, 4, 6, 8, 10, 20, 40, 50, 60, 80, 100, 200 …
fn round_up(most: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        for step in [2, 4, 5, 6, 8, 10] {
            let round = step * unit;
            let is_even = round.is_multiple_of(2);
            if is_even && round >= most {
                return round;
            }
        }
        let Some(next) = unit
            .checked_mul(10)
            .filter(|next| next.checked_mul(10).is_some())
        else {
            return most;
        };
        unit = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_ends_at_a_round_number_that_no_point_is_above() {
        for (most, top) in [
            (0, 2),
            (1, 2),
            (3, 4),
            (9, 10),
            (11, 20),
            (41, 50),
            (44, 50),
            (999, 1000),
            (31_204, 40_000),
        ] {
            assert_eq!(round_up(most), top, "{most}");
        }
        assert_eq!(round_up(u64::MAX), u64::MAX);
    }

    #[test]
    fn a_line_goes_from_left_to_right_and_its_highest_point_is_at_the_top() {
        assert_eq!(path(&[0, 10, 5], 10, (100.0, 100.0)), "M0 100L50 0L100 50");
        assert_eq!(path(&[7], 10, (100.0, 100.0)), "M0 30");
        assert_eq!(
            path(&[0, 1, 2, 3], 3, (1.0, 1.0)),
            "M0 1L0.3 0.7L0.7 0.3L1 0"
        );
        assert_eq!(path(&[], 10, (100.0, 100.0)), "");
    }

    #[test]
    fn a_chart_has_no_style_and_no_script() {
        let plot = Plot {
            sentence: "Between 0 and 46 an hour".to_owned(),
            from: "24 hours ago".to_owned(),
            until: "now".to_owned(),
            lines: vec![Line {
                ink: Ink::Old,
                label: "Old 3/h".to_owned(),
                points: vec![46, 3, 0],
            }],
        };

        let html = plot.render().unwrap();

        assert!(
            html.contains(r#"aria-label="Between 0 and 46 an hour"#),
            "{html}"
        );
        assert!(
            html.contains(r#"class="l-old""#) && html.contains("Old 3/h"),
            "{html}"
        );
        assert!(!html.contains("style="), "{html}");
        assert!(!sparkline(&[1, 2]).to_string().contains("style="));
    }
}
