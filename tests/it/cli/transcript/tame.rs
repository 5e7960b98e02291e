//! What differs from run to run, made the same: ids and keys are numbered in the order in which they appear,
//! moments and sizes are blotted out.

use std::collections::BTreeMap;
use std::path::Path;

/// Members of JSON whose values differ.
const MEMBERS: [&str; 5] = [
    "\"x\": ",
    "\"y\": ",
    "\"bytes\": ",
    "\"format\": ",
    "\"request_id\": ",
];

/// The names that stand for ids and keys.
pub(crate) struct Names {
    /// The directory that stands as `~`.
    home: String,
    /// From what was printed to the name.
    names: BTreeMap<String, String>,
}

impl Names {
    /// No names yet, in this directory.
    pub(crate) fn at(home: &Path) -> Self {
        Self {
            home: home.display().to_string(),
            names: BTreeMap::new(),
        }
    }

    /// `text` with names in place of what is random, and without moments, sizes and the widths of columns.
    pub(crate) fn tame(&mut self, text: &str) -> String {
        text.split_inclusive('\n')
            .map(|line| self.tame_line(line))
            .collect()
    }

    /// `line` with what its names stand for.
    pub(crate) fn real(&self, line: &str) -> String {
        let replaced =
            |line: String, (real, name): (&String, &String)| line.replace(name.as_str(), real);
        self.names.iter().fold(line.to_owned(), replaced)
    }

    fn tame_line(&mut self, line: &str) -> String {
        for member in MEMBERS {
            if let Some((before, _)) = line.split_once(member) {
                return format!("{before}{member}…\n");
            }
        }
        if line.starts_with("urn:jeton:admin") {
            // How many scopes the built-in API has may change.
            return "urn:jeton:admin …\n".to_owned();
        }
        let line = line.replace(&self.home, "~");
        let line = without(&line, "\"request_id\":", "}");
        let line = without_port(&without_moments(&line));
        let mut text = String::new();
        for word in line.split_inclusive(|letter: char| !is_of_word(letter)) {
            let end = word.trim_end_matches(|letter| !is_of_word(letter)).len();
            text += &self.name(&word[..end]);
            text += &word[end..];
        }
        narrowed(&without_sizes(&text))
    }

    fn name(&mut self, word: &str) -> String {
        for kind in ["jtn_", "jtr_"] {
            if let Some((id, secret)) = word
                .strip_prefix(kind)
                .and_then(|rest| rest.split_once('_'))
                && secret.len() == 49
            {
                return format!("{kind}{}_SECRET", self.numbered("ID", id));
            }
        }
        if let Some(id) = word.strip_prefix("jtn_").filter(|id| is_secret_id(id)) {
            return format!("jtn_{}", self.numbered("ID", id));
        }
        if is_secret_id(word) {
            return self.numbered("ID", word);
        }
        let is_key_id = word.len() == 22 && word.bytes().any(|byte| byte.is_ascii_uppercase());
        if word.len() == 43 || is_key_id {
            return self.numbered("KEY", word);
        }
        if word.starts_with("op_") && word.len() > 12 {
            return self.numbered("OPERATOR", word);
        }
        if word.starts_with("ho_") && word.len() > 12 {
            return self.numbered("HANDOVER", word);
        }
        if word.len() == 8 && word.bytes().all(|byte| b"0123456789abcdef".contains(&byte)) {
            return "MASTER".to_owned();
        }
        word.to_owned()
    }

    fn numbered(&mut self, kind: &str, word: &str) -> String {
        let numbered = |name: &&String| name.starts_with(kind);
        let next = self.names.values().filter(numbered).count() + 1;
        let name = || format!("{kind}-{next}");
        self.names
            .entry(word.to_owned())
            .or_insert_with(name)
            .clone()
    }
}

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')
}

/// Eight letters of base32 that are no title of a column.
fn is_secret_id(word: &str) -> bool {
    let base32 = |byte: u8| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte);
    word.len() == 8 && word != "LIFETIME" && word.bytes().all(base32)
}

/// Without what stands between two marks.
fn without(line: &str, from: &str, to: &str) -> String {
    let Some((before, rest)) = line.split_once(from) else {
        return line.to_owned();
    };
    let end = rest.find(to).unwrap_or(rest.len());
    format!("{before}{from}…{}", &rest[end..])
}

/// A server of the tests listens on a port of its own: `http://127.0.0.1:8080` becomes `ISSUER`.
fn without_port(line: &str) -> String {
    let Some((before, rest)) = line.split_once("http://127.0.0.1:") else {
        return line.to_owned();
    };
    let rest = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    format!("{before}ISSUER{rest}")
}

/// `25 Nov 2026, 19:00 UTC (3 hours ago)`, `2026-11-25T19:00:00Z` and `2026-11-25` become `MOMENT`.
fn without_moments(line: &str) -> String {
    const SHAPES: [&str; 7] = [
        "99 Aaa 9999, 99:99 UTC (",
        "9 Aaa 9999, 99:99 UTC (",
        "99 Aaa 9999, 99:99 UTC",
        "99 Aaa, 99:99 UTC",
        "9 Aaa, 99:99 UTC",
        "9999-99-99T99:99:99Z",
        "9999-99-99",
    ];
    let mut text = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        if let Some(shape) = SHAPES.iter().find(|shape| has_shape(rest, shape)) {
            text += "MOMENT";
            rest = &rest[shape.len()..];
            if shape.ends_with('(') {
                rest = rest.split_once(')').map_or(rest, |(_, after)| after);
            }
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    text
}

fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(letter, shape): (u8, u8)| match shape {
        b'9' => letter.is_ascii_digit(),
        b'A' => letter.is_ascii_uppercase(),
        b'a' => letter.is_ascii_lowercase(),
        other => letter == other,
    };
    text.len() >= shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

/// `94,208 bytes` becomes `SIZE bytes`, and `format 2` becomes `format N`.
fn without_sizes(line: &str) -> String {
    let is_digit = |letter: char| letter.is_ascii_digit() || letter == ',';
    let mut line = line.to_owned();
    if let Some((before, after)) = line.split_once(" bytes") {
        let kept = before.trim_end_matches(is_digit);
        if before.len() - kept.len() > 4 {
            line = format!("{kept}SIZE bytes{after}");
        }
    }
    match line.split_once(", format ") {
        Some((before, after)) => format!(
            "{before}, format N, {}",
            after.trim_start_matches(is_digit).trim_start()
        ),
        None => line,
    }
}

/// With two spaces at most between words: how wide a column is depends on the moments in it.
fn narrowed(line: &str) -> String {
    let words = line.trim_start_matches(' ');
    let mut text = line[..line.len() - words.len()].to_owned();
    let mut spaces = 0;
    for letter in words.chars() {
        spaces = if letter == ' ' { spaces + 1 } else { 0 };
        if spaces <= 2 {
            text.push(letter);
        }
    }
    text
}
