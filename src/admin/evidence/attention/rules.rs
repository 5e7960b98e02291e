//! The rules, each for itself.

use super::{Act, Level, Lookout, Rule};
use crate::{
    admin::evidence::{overview::ClientSummary, scopes, words},
    domain::{
        client::Client,
        secret::{Life, Secret},
        time::{Span, Timestamp},
        usage::SecretUsage,
        verdict::{Evidence, Verdict, verdict},
    },
};

/// How close the end of the only secret must be.
const EXPIRES_SOON: Span = Span::days(14);

/// How close it must be to be a danger.
const EXPIRES_NOW: Span = Span::days(3);

/// How many wrong secrets in ten minutes are no accident.
const GUESSES: u64 = 20;

/// For how long a client must have got no token.
const UNUSED_FOR: Span = Span::days(90);

/// For how long a client must have been registered if it never got one.
const NEVER_USED_FOR: Span = Span::days(30);

/// What a rule found.
pub(super) struct Found {
    pub(super) level: Level,
    pub(super) reason: String,
    pub(super) number: String,
    pub(super) act: Act,
    pub(super) urgency: u64,
}

impl Rule {
    /// What there is to say about `client` by this rule. A disabled client gets no tokens anyway:
    /// only what is in wrong hands matters.
    pub(super) fn find(self, client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
        if !client.is_active() && self != Self::Leaked {
            return None;
        }
        match self {
            Self::Leaked => leaked(client, lookout),
            Self::Broken => broken(client, lookout),
            Self::Deadline => deadline(client, lookout),
            Self::Expiring => expiring(client, lookout),
            Self::Finish => finish(client, lookout),
            Self::Guessing => guessing(client, lookout),
            Self::Unused => unused(client, lookout),
            Self::TooBroad => too_broad(client, lookout),
            Self::Old => old(client, lookout),
        }
    }

    /// Since when there is what this rule speaks of: what was put off before then was something
    /// else, another secret or another leak.
    pub(super) fn began(self, client: &Client, lookout: &Lookout<'_>) -> Timestamp {
        let secrets = client.secrets.iter();
        let latest = match self {
            Self::Leaked => secrets.filter_map(|secret| secret.leaked).max(),
            Self::Broken | Self::Deadline | Self::Expiring | Self::Finish | Self::Old => {
                secrets.map(|secret| secret.created).max()
            }
            Self::Unused => latest_token(client, lookout),
            Self::Guessing | Self::TooBroad => None,
        };
        latest.unwrap_or(client.created)
    }
}

fn leaked(client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
    let (secret, at) = client.leaked_secret(lookout.now)?;
    let ago = lookout.now.since(at);
    let when = if ago < Span::minutes(1) {
        "just now".to_owned()
    } else {
        format!("{} ago", ago.in_words())
    };
    Some(Found {
        level: Level::Danger,
        reason: format!(
            "Its secret {} was reported as leaked {when} and still works.",
            secret.id
        ),
        number: when,
        act: Act::Revoke(secret.id.clone()),
        urgency: ago.0,
    })
}

fn broken(client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
    let now = lookout.now;
    if client.live_secrets(now).next().is_some() {
        return None;
    }
    let ended = |secret: &Secret| secret.ended(now);
    let secret = client.secrets.iter().max_by_key(|secret| ended(secret))?;
    let stopped = match secret.life(now) {
        Life::Expired => "expired",
        Life::Retired => "was retired",
        Life::Active | Life::Retiring | Life::Revoked | Life::Cancelled => return None,
    };
    let summary = lookout.overview.client(&client.id)?;
    let last = summary.last_refusal?;
    if last.at < now.minus(Span::hours(1)) {
        return None;
    }
    let refused = summary.refused_lately.max(1);
    let ago = now.since(ended(secret)?);
    Some(Found {
        level: Level::Danger,
        reason: format!(
            "Its only secret {stopped} {} ago. {} refused, the last {} ago from {}.",
            ago.in_words(),
            words::count(refused, "request"),
            now.since(last.at).in_words(),
            last.address
        ),
        number: format!("{} refused", words::number(refused)),
        act: Act::MakeSecret,
        urgency: u64::MAX - refused,
    })
}

fn deadline(client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
    let verdict = judged(client, lookout)?;
    let Verdict::StopsWhileUsed { deadline, .. } = &verdict else {
        return None;
    };
    let left = deadline.since(lookout.now);
    Some(Found {
        level: Level::Danger,
        reason: verdict.sentence(lookout.now),
        number: format!("in {}", left.in_words()),
        act: Act::Extend,
        urgency: left.0,
    })
}

fn expiring(client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
    let mut live = client.live_secrets(lookout.now);
    let (only, None) = (live.next()?, live.next()) else {
        return None;
    };
    let expires = only.expires?;
    let left = expires.since(lookout.now);
    (left <= EXPIRES_SOON).then(|| Found {
        level: if left <= EXPIRES_NOW {
            Level::Danger
        } else {
            Level::Warning
        },
        reason: format!(
            "Its only secret expires {}, in {}.",
            words::moment(expires),
            left.in_words()
        ),
        number: format!("in {}", left.in_words()),
        act: Act::Rotate,
        urgency: left.0,
    })
}

fn finish(client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
    let old = client.old_secret(lookout.now)?;
    let verdict = judged(client, lookout)?;
    let Verdict::Safe { last } = &verdict else {
        return None;
    };
    let quiet = last.map(|last| lookout.now.since(last));
    Some(Found {
        level: Level::Notice,
        reason: verdict.sentence(lookout.now),
        number: quiet.map_or_else(
            || "never used".to_owned(),
            |quiet| format!("quiet for {}", quiet.in_words()),
        ),
        act: Act::Retire(old.id.clone()),
        urgency: u64::MAX - quiet.map_or(0, |quiet| quiet.0),
    })
}

fn guessing(client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
    let summary = lookout.overview.client(&client.id)?;
    let (address, count) = summary.guesses.filter(|(_, count)| *count >= GUESSES)?;
    Some(Found {
        level: Level::Warning,
        reason: format!(
            "{} in 10 minutes from {address}.",
            words::count(count, "wrong secret")
        ),
        number: format!("{} refused", words::number(count)),
        act: Act::OpenActivity,
        urgency: u64::MAX - count,
    })
}

fn unused(client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
    let now = lookout.now;
    let latest = latest_token(client, lookout);
    let age = now.since(client.created);
    let (quiet, reason) = match latest {
        Some(at) => {
            let quiet = Some(now.since(at)).filter(|quiet| *quiet >= UNUSED_FOR)?;
            (quiet, format!("No token for {}.", quiet.in_words()))
        }
        None if age >= UNUSED_FOR => (age, "No token in 90 days or longer.".to_owned()),
        None if age >= NEVER_USED_FOR => (
            age,
            format!("No token yet, {} after it was made.", age.in_words()),
        ),
        None => return None,
    };
    Some(Found {
        level: Level::Notice,
        reason,
        number: quiet.in_words(),
        act: Act::ReviewClient,
        urgency: u64::MAX - quiet.0,
    })
}

fn latest_token(client: &Client, lookout: &Lookout<'_>) -> Option<Timestamp> {
    let by_secret = client.secrets.iter();
    let exact = by_secret.filter_map(|secret| (lookout.latest)(&secret.id));
    let recorded = lookout.overview.client(&client.id);
    let recorded = recorded.into_iter().flat_map(ClientSummary::addresses);
    let recorded = recorded.filter(|(_, usage)| usage.count > 0);
    exact
        .map(|(at, _)| at)
        .chain(recorded.map(|(_, usage)| usage.last))
        .max()
}

fn too_broad(client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
    let asking = &lookout.overview.client(&client.id)?.asking;
    let evidence = scopes::scopes_of(client, asking, lookout.now);
    let suggestions = evidence.into_iter().filter_map(|scope| scope.suggestion);
    let suggestions: Vec<_> = suggestions.collect();
    let (first, more) = suggestions.split_first()?;
    let mut reason = first.in_words();
    if !more.is_empty() {
        let others = words::count(more.len() as u64, "other scope");
        let verb = if more.len() == 1 { "is" } else { "are" };
        for part in [" ", &others, " ", verb, " unused too."] {
            reason.push_str(part);
        }
    }
    Some(Found {
        level: Level::Notice,
        reason,
        number: words::count(suggestions.len() as u64, "scope"),
        act: Act::ReviewAccess,
        urgency: u64::MAX - suggestions.len() as u64,
    })
}

fn old(client: &Client, lookout: &Lookout<'_>) -> Option<Found> {
    let allowed = lookout.oldest_secret;
    if client.old_secret(lookout.now).is_some() {
        return None;
    }
    let secret = client.new_secret(lookout.now)?;
    let age = lookout.now.since(secret.created);
    (age > allowed).then(|| Found {
        level: Level::Notice,
        reason: format!(
            "Its secret is {} old; the policy allows {}.",
            age.in_words(),
            allowed.in_words()
        ),
        number: age.in_words(),
        act: Act::Rotate,
        urgency: u64::MAX - age.0,
    })
}

fn judged(client: &Client, lookout: &Lookout<'_>) -> Option<Verdict> {
    let none = SecretUsage::default();
    let summary = lookout.overview.client(&client.id);
    let of = |secret: Option<&Secret>| {
        let usage = summary.and_then(|summary| summary.secrets.get(&secret?.id));
        usage.unwrap_or(&none)
    };
    let evidence = Evidence {
        old: of(client.old_secret(lookout.now)),
        new: of(client.new_secret(lookout.now)),
        watching_since: lookout.watching_since,
    };
    verdict(client, &evidence, lookout.now)
}
