//! The settings file: strict, and exact about where a mistake is.

use std::{
    fmt,
    marker::PhantomData,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{
    Deserialize, Deserializer,
    de::{Error, SeqAccess, Visitor},
};

use super::{ConfigError, FILE_NAME, Settings, settings::documented};

/// Reads `path`.
pub(super) fn read(path: &Path) -> Result<Settings, ConfigError> {
    let content = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&content).map_err(|error| mistake(path, &content, &error))
}

/// Reads the settings file in the data directory, if it is there. It cannot say where the data
/// directory is.
pub(super) fn read_from_data(data: &Path) -> Result<Option<(Settings, PathBuf)>, ConfigError> {
    let path = data.join(FILE_NAME);
    if !path.exists() {
        return Ok(None);
    }
    let settings = read(&path)?;
    if settings.data.is_some() {
        return Err(ConfigError::Wrong(format!(
            "{} lies in the data directory, so it cannot say where that is: remove `data` from it",
            path.display()
        )));
    }
    Ok(Some((settings, path)))
}

fn mistake(path: &Path, content: &str, error: &toml::de::Error) -> ConfigError {
    let start = error.span().map_or(0, |span| span.start).min(content.len());
    let before = &content[..start];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    ConfigError::Mistake {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message: in_our_words(error.message()),
    }
}

fn in_our_words(message: &str) -> String {
    let unknown = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once('`'));
    let Some((name, _)) = unknown else {
        return shown(&message.lines().collect::<Vec<_>>().join(" "));
    };
    let shown = shown(name);
    match nearest(name) {
        Some(near) if near == name => format!("`{name}` may only be a flag or a variable"),
        Some(near) => format!("there is no setting `{shown}`; did you mean `{near}`?"),
        None => format!("there is no setting `{shown}`"),
    }
}

/// `text` on one line, with nothing in it that a terminal would obey.
fn shown(text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    text.chars().map(plain).collect()
}

/// The setting whose name is at most three letters away.
fn nearest(name: &str) -> Option<String> {
    documented()
        .into_iter()
        .map(|setting| (distance(name, &setting.name), setting.name))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, name)| name)
}

/// How many letters must be put in, taken out or changed.
fn distance(one: &str, two: &str) -> usize {
    let two: Vec<char> = two.chars().collect();
    let mut row: Vec<usize> = (0..=two.len()).collect();
    for (n, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], n + 1);
        for (m, other) in two.iter().enumerate() {
            let change = diagonal + usize::from(letter != *other);
            diagonal = row[m + 1];
            row[m + 1] = change.min(diagonal + 1).min(row[m] + 1);
        }
    }
    row[two.len()]
}

/// A value written as text, or as a number where its text is one.
pub(super) fn text<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    deserializer.deserialize_any(Text(PhantomData)).map(Some)
}

/// Several such values, or one.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    deserializer.deserialize_any(List(PhantomData)).map(Some)
}

struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        number.to_string().parse().map_err(E::custom)
    }
}

struct List<T>(PhantomData<T>);

impl<'de, T: FromStr<Err: fmt::Display>> Visitor<'de> for List<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        Ok(vec![text.parse().map_err(E::custom)?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(Item(value)) = sequence.next_element()? {
            values.push(value);
        }
        Ok(values)
    }
}

/// One of several: an item of its own, so that a mistake in it is found in its place.
struct Item<T>(T);

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Text(PhantomData)).map(Item)
    }
}
