//! Finding clients by whatever is known of them.

use std::{collections::HashSet, net::IpAddr};

use memchr::memmem::Finder;

use super::{Directory, Entry, Kind};
use crate::{
    admin::evidence::overview::{ClientSummary, Overview},
    domain::secret::PREFIX,
};

/// How many words are searched for; more are not looked at.
const MOST_WORDS: usize = 12;

/// How long a name may be that was perhaps meant, in letters.
const LONGEST_NAME: usize = 100;

/// The places of the clients that have every word of `text`.
pub(super) fn matching(directory: &Directory, text: &str) -> Vec<usize> {
    let words: Vec<Word<'_>> = text
        .split_whitespace()
        .take(MOST_WORDS)
        .map(|word| Word::of(word, directory))
        .collect();
    let entries = directory.entries.iter().enumerate();
    entries
        .filter(|(_, entry)| words.iter().all(|word| word.is_met_by(entry)))
        .map(|(place, _)| place)
        .collect()
}

/// A part of a text, in lower case.
pub(super) struct Part(Finder<'static>);

impl Part {
    /// What somebody wrote.
    pub(super) fn new(text: &str) -> Self {
        let text = text.trim().to_lowercase();
        Self(Finder::new(text.as_bytes()).into_owned())
    }

    /// Whether `text`, which is in lower case, has it.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.0.find(text.as_bytes()).is_some()
    }
}

/// A word that is searched for.
struct Word<'d> {
    part: Part,
    /// Whether it is in what clients can call, for each group of them.
    access: Vec<bool>,
    /// The clients that have such a secret.
    by_secret: HashSet<&'d str>,
    /// The clients that were seen at such an address.
    by_address: HashSet<&'d str>,
}

impl<'d> Word<'d> {
    fn of(word: &str, directory: &'d Directory) -> Self {
        let part = Part::new(word);
        // Whoever pastes a whole secret means the one that it names.
        let bare = word.strip_prefix(PREFIX).unwrap_or(word);
        let secret = bare.split('_').next().unwrap_or_default().to_uppercase();
        let mut by_secret = HashSet::new();
        if secret.len() >= 4 {
            let found = directory.registry.clients_by_secret(&secret);
            by_secret.extend(found.into_iter().map(|client| client.id.as_str()));
        }
        Self {
            access: directory.access.each_text(&|text| part.is_in(text)),
            by_secret,
            by_address: seen_at(word, &directory.overview),
            part,
        }
    }

    fn is_met_by(&self, entry: &Entry) -> bool {
        let has = |ids: &HashSet<&str>| !ids.is_empty() && ids.contains(entry.client.id.as_str());
        self.access[entry.access]
            || self.part.is_in(&entry.text)
            || has(&self.by_secret)
            || (entry.standing.is(Kind::Seen) && has(&self.by_address))
    }
}

/// The clients that were seen at the address that `word` is, or is the beginning of.
fn seen_at<'d>(word: &str, overview: &'d Overview) -> HashSet<&'d str> {
    let beginning = word.to_lowercase();
    let is_plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'.' || byte == b':';
    let is_beginning = word.contains(['.', ':']) && word.bytes().all(is_plain);
    let was_there: Box<dyn Fn(&ClientSummary) -> bool> = match word.parse::<IpAddr>() {
        Ok(address) => Box::new(move |summary| summary.addresses().any(|(at, _)| *at == address)),
        Err(_) if is_beginning => Box::new(move |summary| {
            let mut seen = summary.addresses();
            seen.any(|(at, _)| at.to_string().starts_with(&beginning))
        }),
        Err(_) => return HashSet::new(),
    };
    let seen = overview.clients.iter();
    let seen = seen.filter(|(_, summary)| was_there(summary));
    seen.map(|(client, _)| client.as_str()).collect()
}

/// The name that is nearly `text`: of a client, or a word of it.
pub(super) fn nearest(directory: &Directory, text: &str) -> Option<String> {
    let wanted: Vec<char> = text.trim().to_lowercase().chars().collect();
    if !(3..=LONGEST_NAME).contains(&wanted.len()) {
        return None;
    }
    let most = if wanted.len() < 8 { 1 } else { 2 };
    let mut found: Option<(u8, &str)> = None;
    let letters = letters_of(&text.trim().to_lowercase());
    for entry in &directory.entries {
        // What is further from it than what was found is not meant.
        let most = found.map_or(most, |(nearest, _)| nearest);
        // What is not in all of its names together is in none of them.
        if (letters & !entry.letters).count_ones() > u32::from(most) {
            continue;
        }
        let mut lines = entry.text.split('\n');
        let (name, id) = (lines.next()?, lines.next()?);
        let words = name.split(|at: char| !at.is_alphanumeric());
        let distances = words
            .chain([name, id])
            .filter_map(|it| edits((&wanted, letters), it, most));
        let Some(distance) = distances.min() else {
            continue;
        };
        let nearly = (distance, entry.client.name.as_str());
        if found.is_none_or(|found| nearly < found) {
            found = Some(nearly);
        }
    }
    found.map(|(_, name)| name.to_owned())
}

/// Which letters there are in a text: each is one of 64.
pub(super) fn letters_of(text: &str) -> u64 {
    text.chars().map(bit_of).fold(0, |all, one| all | one)
}

fn bit_of(letter: char) -> u64 {
    1 << (u32::from(letter) & 63)
}

/// How many letters must be put in, left out, replaced or swapped with the next to make one text
/// of the other, which has the letters `wanted` (optimal string alignment); nothing if it is more than `most`, which is at
/// most 2.
fn edits((one, wanted): (&[char], u64), two: &str, most: u8) -> Option<u8> {
    const FAR: u8 = 3;
    const LETTERS: usize = LONGEST_NAME + 2;
    let around = usize::from(most);
    // A letter has at least one byte, and of those that are ASCII each has no more.
    if two.len() + around < one.len() || (two.len() > one.len() + around && two.is_ascii()) {
        return None;
    }
    let mut letters = ['\0'; LETTERS];
    let (mut length, mut there) = (0, 0);
    for letter in two.chars() {
        if length == one.len() + around {
            return None;
        }
        letters[length] = letter;
        there |= bit_of(letter);
        length += 1;
    }
    if length + around < one.len() || (wanted & !there).count_ones() > u32::from(most) {
        return None;
    }
    let two = &letters[..length];
    // Row 0 is the one before the last; what lies further from the diagonal than that is far.
    let mut rows = [[FAR; LETTERS + 2]; 3];
    for (cell, at) in rows[2].iter_mut().zip(0..FAR) {
        *cell = at;
    }
    for i in 1..=one.len() {
        rows.rotate_left(1);
        let near = usize::from(FAR);
        let (start, end) = (i.saturating_sub(near).max(1), (i + near).min(length));
        // All between is written anew.
        rows[2][start - 1] = u8::try_from(i).map_or(FAR, |i| i.min(FAR));
        rows[2][end + 1] = FAR;
        let mut least = rows[2][start - 1];
        for j in start..=end {
            let replaced = rows[1][j - 1] + u8::from(one[i - 1] != two[j - 1]);
            let mut cell = replaced.min(rows[1][j] + 1).min(rows[2][j - 1] + 1);
            let is_swapped = i > 1 && j > 1 && one[i - 1] == two[j - 2] && one[i - 2] == two[j - 1];
            if is_swapped {
                cell = cell.min(rows[0][j - 2] + 1);
            }
            rows[2][j] = cell.min(FAR);
            least = least.min(cell);
        }
        if least > most {
            return None;
        }
    }
    Some(rows[2][length]).filter(|found| *found <= most)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same in the plain way.
    fn plainly(one: &[char], two: &[char]) -> usize {
        let mut rows = vec![(0..=two.len()).collect::<Vec<usize>>()];
        for i in 1..=one.len() {
            let mut row = vec![i];
            for j in 1..=two.len() {
                let replaced = rows[i - 1][j - 1] + usize::from(one[i - 1] != two[j - 1]);
                let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
                if i > 1 && j > 1 && one[i - 1] == two[j - 2] && one[i - 2] == two[j - 1] {
                    least = least.min(rows[i - 2][j - 2] + 1);
                }
                row.push(least);
            }
            rows.push(row);
        }
        rows[one.len()][two.len()]
    }

    proptest! {
        #[test]
        fn few_edits_are_counted_and_many_are_not(
            one in "[abä]{3,9}",
            two in "[abä]{0,11}",
            most in 1_u8..=2,
        ) {
            let one: Vec<char> = one.chars().collect();
            let letters: Vec<char> = two.chars().collect();
            let expected = u8::try_from(plainly(&one, &letters)).ok();
            let expected = expected.filter(|it| *it <= most);
            let letters = letters_of(&one.iter().collect::<String>());
            prop_assert_eq!(edits((&one, letters), &two, most), expected);
            let missing = (letters & !letters_of(&two)).count_ones();
            prop_assert!(expected.is_none() || missing <= u32::from(most));
        }
    }
}
