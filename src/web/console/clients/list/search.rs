//! Finding clients by whatever is known of them.

use std::{net::IpAddr, sync::Arc};

use crate::{
    admin::evidence::overview::Overview,
    domain::{client::Client, registry::Registry, secret::PREFIX},
};

/// How many words are searched for; more are not looked at.
const MOST_WORDS: usize = 12;

/// How long a name may be that was perhaps meant, in letters.
const LONGEST_NAME: usize = 100;

/// The clients that have every word of `text` in their name, id, owner, description, scopes or
/// APIs, or that such a secret or address belongs to.
pub(super) fn matching<'a>(
    registry: &'a Registry,
    overview: &'a Overview,
    text: &str,
) -> impl Iterator<Item = &'a Arc<Client>> {
    let words: Vec<Word> = text
        .split_whitespace()
        .take(MOST_WORDS)
        .map(Word::of)
        .collect();
    registry.clients().filter(move |client| {
        let haystack = if words.is_empty() {
            String::new()
        } else {
            haystack(client, registry)
        };
        let is_met = |word: &Word| word.is_met_by(client, &haystack, overview);
        words.iter().all(is_met)
    })
}

/// A word that is searched for.
struct Word {
    /// In lower case.
    text: String,
    /// As the public id of a secret, or the beginning of one.
    secret: String,
    /// As an address, or the beginning of one.
    address: Option<Address>,
}

enum Address {
    Whole(IpAddr),
    Beginning(String),
}

impl Word {
    fn of(word: &str) -> Self {
        let text = word.to_lowercase();
        // Whoever pastes a whole secret means the one that it names.
        let bare = word.strip_prefix(PREFIX).unwrap_or(word);
        let secret = bare.split('_').next().unwrap_or_default().to_uppercase();
        let is_beginning = word.contains(['.', ':'])
            && word
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || byte == b'.' || byte == b':');
        let address = match word.parse() {
            Ok(address) => Some(Address::Whole(address)),
            Err(_) if is_beginning => Some(Address::Beginning(text.clone())),
            Err(_) => None,
        };
        Self {
            text,
            secret,
            address,
        }
    }

    fn is_met_by(&self, client: &Client, haystack: &str, overview: &Overview) -> bool {
        haystack.contains(&self.text) || self.names_secret_of(client) || self.saw(client, overview)
    }

    fn names_secret_of(&self, client: &Client) -> bool {
        self.secret.len() >= 4
            && client
                .secrets
                .iter()
                .any(|secret| secret.id.as_str().starts_with(&self.secret))
    }

    fn saw(&self, client: &Client, overview: &Overview) -> bool {
        let (Some(address), Some(summary)) = (&self.address, overview.client(&client.id)) else {
            return false;
        };
        let mut seen = summary.addresses().map(|(at, _)| at);
        match address {
            Address::Whole(address) => seen.any(|at| at == address),
            Address::Beginning(text) => seen.any(|at| at.to_string().starts_with(text)),
        }
    }
}

/// Everything that is said of a client, in lower case.
fn haystack(client: &Client, registry: &Registry) -> String {
    let mut all = format!(
        "{}\n{}\n{}\n{}",
        client.name, client.id, client.owner, client.description
    );
    for (api, scopes) in &client.grants {
        all.push('\n');
        all.push_str(api.as_str());
        if let Some(api) = registry.find_api(api) {
            all.push('\n');
            all.push_str(api.name.as_str());
        }
        for scope in scopes {
            all.push('\n');
            all.push_str(scope.as_str());
        }
    }
    all.to_lowercase()
}

/// The name that is nearly `text`: of a client, or a word of it.
pub(super) fn nearest(registry: &Registry, text: &str) -> Option<String> {
    let wanted = text.trim().to_lowercase();
    if !(3..=LONGEST_NAME).contains(&wanted.chars().count()) {
        return None;
    }
    let most = if wanted.chars().count() < 8 { 1 } else { 2 };
    registry
        .clients()
        .filter_map(|client| {
            let name = client.name.as_str().to_lowercase();
            let id = client.id.as_str().to_lowercase();
            let words = name.split(|at: char| !at.is_alphanumeric());
            let all = words.chain([name.as_str(), id.as_str()]);
            let distance = all.map(|it| edits(&wanted, it)).min()?;
            (distance <= most).then(|| (distance, client.name.to_string()))
        })
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be put in, left out, replaced or swapped with the next to make one text
/// of the other (optimal string alignment).
fn edits(one: &str, two: &str) -> usize {
    let (one, two): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    if one.len().abs_diff(two.len()) > 2 {
        return one.len().abs_diff(two.len());
    }
    let mut rows = vec![(0..=two.len()).collect::<Vec<usize>>()];
    for i in 1..=one.len() {
        let mut row = vec![i];
        for j in 1..=two.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(one[i - 1] != two[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            let is_swapped = i > 1 && j > 1 && one[i - 1] == two[j - 2] && one[i - 2] == two[j - 1];
            if is_swapped {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][two.len()]
}
