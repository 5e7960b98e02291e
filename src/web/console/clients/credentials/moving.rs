//! A rotation under way, as the credentials page shows it.

use super::{
    cards::{Card, Row},
    scene::Scene,
    warning::Warning,
};
use crate::{
    admin::evidence::{Moves, Series, Step, Whose},
    domain::{
        rotation::{ANOTHER_DAY, LONGEST_OVERLAP, MOST_HOLDS},
        secret::{IfUsed, Retiring, Secret},
        time::{Span, Timestamp},
        verdict::Verdict,
    },
    web::console::{
        chart::{Ink, Line, Plot},
        words::{Moment, counted, grouped, number},
    },
};

/// How much of the time before the rotation the chart shows.
const BEFORE: Span = Span::hours(6);

/// How many addresses are listed.
const LISTED: usize = 20;

/// How many moved addresses are named.
const NAMED: usize = 4;

/// A rotation under way.
pub(super) struct Moving {
    /// When the old secret is to stop.
    pub(super) stops: Moment,
    /// What happens then.
    pub(super) then: String,
    pub(super) ruling: Ruling,
    pub(super) new: Side,
    pub(super) old: Side,
    pub(super) plot: Plot,
    pub(super) numbers: Vec<(Moment, String, String)>,
    /// Who still uses the old secret.
    pub(super) staying: Vec<Row>,
    /// How many more do.
    pub(super) more: usize,
    /// Who does not any more, in a sentence.
    pub(super) moved: String,
    /// Whether the deadline can be another day later.
    pub(super) can_extend: bool,
    /// What is said before the old secret stops.
    pub(super) retire: Warning,
    /// What is said before the new one is withdrawn.
    pub(super) cancel: Warning,
}

/// Whether the old secret can go.
pub(super) struct Ruling {
    pub(super) tone: &'static str,
    pub(super) icon: &'static str,
    pub(super) headline: String,
    /// What it rests on.
    pub(super) reason: String,
    /// What is told to those who listen: the same words as long as nothing has changed.
    pub(super) say: String,
    pub(super) is_safe: bool,
    /// Whether time is short.
    pub(super) is_urgent: bool,
}

/// One of both secrets.
pub(super) struct Side {
    pub(super) card: Card,
    /// From when on its tokens are counted.
    pub(super) since: String,
    /// How many those are.
    pub(super) recent: String,
    /// How many addresses need it.
    pub(super) addresses: String,
}

impl Moving {
    /// The one under way, if any.
    pub(super) fn of(scene: &Scene) -> Option<Self> {
        let (old, new) = scene.rotation()?;
        let retiring = old.retiring(scene.now)?;
        let verdict = scene.verdict()?;
        let moves = Moves::of((&old.id, &new.id), &scene.tally, scene.now);
        let (plot, numbers) = drawn((old, new), retiring, scene);
        let staying = moves.staying.iter().take(LISTED);
        let staying: Vec<Row> = staying
            .map(|(address, usage)| Row::of((*address, usage), scene.now))
            .collect();
        Some(Self {
            stops: Moment::of(retiring.deadline, scene.now),
            then: then(retiring, &verdict),
            ruling: Ruling::of(&verdict, &moves, scene.now),
            new: Side::of(new, moves.recent.new, (&moves, scene)),
            old: Side::of(old, moves.recent.old, (&moves, scene)),
            plot,
            numbers,
            more: moves.staying.len().saturating_sub(LISTED),
            staying,
            moved: moved(&moves),
            can_extend: can_extend(retiring, scene.now),
            retire: Warning::of_retiring(old, &verdict, scene),
            cancel: Warning::of_cancelling(new, scene),
        })
    }

    /// Whether retiring the old secret is what to do now.
    pub(super) fn is_safe(&self) -> bool {
        self.ruling.is_safe
    }
}

/// Whether another day is still within what an old secret is kept.
fn can_extend(retiring: &Retiring, now: Timestamp) -> bool {
    retiring.deadline.max(now).plus(ANOTHER_DAY) <= retiring.since.plus(LONGEST_OVERLAP)
}

fn then(retiring: &Retiring, verdict: &Verdict) -> String {
    if *verdict == Verdict::NewUnused {
        return "It won’t stop as long as the new one is unused.".to_owned();
    }
    match retiring.if_used {
        IfUsed::Stop => "It stops then, even if it is still used.".to_owned(),
        IfUsed::Hold if retiring.held >= MOST_HOLDS => {
            format!("It was held {MOST_HOLDS} times, so it stops then even if it is still used.")
        }
        IfUsed::Hold if retiring.held > 0 => format!(
            "If it is still used then, it is held for another 24 hours. Held {} of {MOST_HOLDS} times.",
            retiring.held
        ),
        IfUsed::Hold => format!(
            "If it is still used then, it is held for another 24 hours, at most {MOST_HOLDS} times."
        ),
    }
}

fn moved(moves: &Moves) -> String {
    let addresses = &moves.moved;
    let named: Vec<String> = addresses
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    match addresses.len() {
        0 => String::new(),
        1 => format!("{} has moved to the new one.", named.join("")),
        n if n <= NAMED => format!("{n} addresses have moved: {}.", named.join(", ")),
        n => {
            let (all, rest) = (grouped(n), grouped(n - NAMED));
            format!(
                "{all} addresses have moved: {} and {rest} more.",
                named.join(", ")
            )
        }
    }
}

impl Ruling {
    fn of(verdict: &Verdict, moves: &Moves, now: Timestamp) -> Self {
        let (tone, icon) = match verdict {
            Verdict::NewUnused => ("info", "hourglass"),
            Verdict::StopsWhileUsed { .. } => ("bad", "clock-alert"),
            Verdict::InUse { .. } => ("old", "clock-alert"),
            Verdict::Nearly { .. } => ("info", "timer"),
            Verdict::CannotBeSure { .. } => ("warn", "circle-alert"),
            Verdict::Safe { .. } => ("ok", "circle-check"),
        };
        let is_urgent = matches!(verdict, Verdict::StopsWhileUsed { .. });
        let is_used = is_urgent || matches!(verdict, Verdict::InUse { .. });
        let share = moves.recent.in_words().filter(|_| is_used);
        let reason = [verdict.reason(now), share.unwrap_or_default()];
        let addresses: Vec<String> = verdict
            .addresses()
            .iter()
            .map(ToString::to_string)
            .collect();
        let what = if is_urgent {
            "The old secret stops soon and is still in use.".to_owned()
        } else {
            verdict.headline(now)
        };
        Self {
            tone,
            icon,
            headline: verdict.headline(now),
            reason: reason.join(" ").trim().to_owned(),
            say: format!("{what} {}", addresses.join(", ")).trim().to_owned(),
            is_safe: matches!(verdict, Verdict::Safe { .. }),
            is_urgent,
        }
    }
}

impl Side {
    fn of(secret: &Secret, recent: u64, (moves, scene): (&Moves, &Scene)) -> Self {
        let used = scene.tally.of_secret(&secret.id).addresses;
        let users = used.values().filter(|usage| usage.count > 0).count();
        let needing = if secret.retiring(scene.now).is_some() {
            moves.staying.len()
        } else {
            users
        };
        Self {
            card: Card::of(secret, scene),
            since: clock(moves.recent.since),
            recent: number(recent),
            addresses: match needing {
                0 => "Nobody".to_owned(),
                n => counted(n as u64, "address"),
            },
        }
    }
}

/// `18:00 UTC`.
fn clock(at: Timestamp) -> String {
    crate::admin::evidence::words::clock(at)
}

/// The chart of both secrets, and its numbers.
fn drawn(
    (old, new): (&Secret, &Secret),
    retiring: &Retiring,
    scene: &Scene,
) -> (Plot, Vec<(Moment, String, String)>) {
    let now = scene.now;
    let from = retiring.since.minus(BEFORE);
    let series =
        |secret: &Secret| Series::since(from, &scene.tally, Whose::Secret(&secret.id), now);
    let (olds, news) = (series(old), series(new));
    let line = |ink, name: &str, series: &Series| Line {
        ink,
        label: label(name, series),
        points: series.points.iter().map(|point| point.issued).collect(),
    };
    let unit = match news.step {
        Step::Hour => "by hour",
        Step::Day => "by day",
    };
    let from = news.points.first().map_or(from, |point| point.start);
    let plot = Plot {
        sentence: format!(
            "Tokens {unit}. New secret: {} Old secret: {}",
            news.issued_in_words(),
            olds.issued_in_words()
        ),
        from: Moment::of(from, now).absolute,
        until: "now".to_owned(),
        lines: vec![line(Ink::Old, "Old", &olds), line(Ink::New, "New", &news)],
    };
    let both = news.points.iter().zip(&olds.points).rev();
    let numbers = both.map(|(new, old)| {
        let at = Moment::of(new.start, now);
        (at, number(new.issued), number(old.issued))
    });
    (plot, numbers.collect())
}

/// `New 46/h`: the last hour or day that is over, or the present one if that has more already.
fn label(name: &str, series: &Series) -> String {
    let latest = series.points.iter().rev().take(2);
    let most = latest.map(|point| point.issued).max().unwrap_or(0);
    let per = match series.step {
        Step::Hour => "h",
        Step::Day => "day",
    };
    format!("{name} {}/{per}", number(most))
}
