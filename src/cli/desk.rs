//! Where a command works: the door to the server, and the words or JSON in which it answers.
//!
//! Every command is written once, against the admin API; whether a running server or the file itself
//! answers is settled here.

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    door::Door,
    failure::{Exit, Failure},
    offline::Offline,
    output::{self, Format},
    pen::Pen,
};
use crate::{
    app::App,
    config::{Config, Place},
};

/// Where a command works.
pub(crate) struct Desk {
    door: Door,
    format: Format,
}

impl Desk {
    /// Opens the door to the server or the file of `place`.
    pub(crate) async fn open(place: Place, format: Format) -> Result<Self, Failure> {
        Self::open_with(&Config::resolve_place(place)?, format).await
    }

    /// The same, with settings that are known already.
    pub(crate) async fn open_with(config: &Config, format: Format) -> Result<Self, Failure> {
        let door = Door::open(config).await?;
        Ok(Self { door, format })
    }

    /// Opens a door to a server in this process.
    pub(crate) fn over(app: App, format: Format) -> Self {
        let door = Door::File(Box::new(Offline::over(app)));
        Self { door, format }
    }

    /// Whether a running server answers.
    pub(crate) fn is_served(&self) -> bool {
        matches!(self.door, Door::Server(_))
    }

    /// Leaves the data as they must be left. A command that ends without it loses nothing.
    pub(crate) async fn close(self) {
        self.door.close().await;
    }

    /// For whom the answer is written.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// What the admin API has at `path`.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Method::GET, path, None).await
    }

    /// Asks for something new, or for something to be done.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Puts something in a place.
    pub(crate) async fn put(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.ask(Method::PUT, path, Some(body)).await
    }

    /// Changes some of what is at `path`.
    pub(crate) async fn patch(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.ask(Method::PATCH, path, Some(body)).await
    }

    /// Takes away what is at `path`.
    pub(crate) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.ask(Method::DELETE, path, None).await
    }

    /// All of a list, page by page, as one answer. `path` has a query if it has filters.
    pub(crate) async fn all(&self, path: &str) -> Result<Value, Failure> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.get(&page_of(path, cursor.as_deref())).await?;
            items.extend(page["data"].as_array().cloned().unwrap_or_default());
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return Ok(json!({ "data": items, "next_cursor": null }));
            }
        }
    }

    /// One page of a list, and where the next one begins.
    pub(crate) async fn page(
        &self,
        path: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<Value>, Option<String>), Failure> {
        let page = self.get(&page_of(path, cursor)).await?;
        let items = page["data"].as_array().cloned().unwrap_or_default();
        Ok((items, page["next_cursor"].as_str().map(str::to_owned)))
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Failure> {
        let (status, answer) = self.door.ask(method, path, body).await?;
        if (200..300).contains(&status) {
            Ok(answer)
        } else {
            Err(Failure::from_problem(status, &answer))
        }
    }

    /// Answers with `value`: as it is for programs, in words for people.
    pub(crate) fn answer<V: DeserializeOwned>(
        &self,
        value: &Value,
        words: impl FnOnce(&Pen, &V) -> String,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Json => output::print_json(value),
            Format::Human => output::print(&words(&self.format.pen(), &read(value)?)),
        }
        Ok(())
    }
}

/// Reads an answer of the admin API.
pub(crate) fn read<V: DeserializeOwned>(value: &Value) -> Result<V, Failure> {
    V::deserialize(value).map_err(|error| {
        Failure::new(
            Exit::Refused,
            "foreign-answer",
            format!(
                "the server's answer is not understood ({error}): is it of the same version as \
                 this program?"
            ),
        )
    })
}

fn page_of(path: &str, cursor: Option<&str>) -> String {
    let joint = if path.contains('?') { '&' } else { '?' };
    let page = format!("{path}{joint}limit=200");
    match cursor {
        Some(cursor) => format!("{page}&cursor={}", encoded(cursor)),
        None => page,
    }
}

/// A path of segments, each encoded: identifiers of APIs are web addresses.
pub(crate) fn path<const N: usize>(segments: [&str; N]) -> String {
    segments.into_iter().fold(String::new(), |path, segment| {
        path + "/" + &encoded(segment)
    })
}

/// `path` with a query of those parameters that have a value.
pub(crate) fn with_query<const N: usize>(
    path: &str,
    parameters: [(&str, Option<&str>); N],
) -> String {
    let given: Vec<String> = parameters
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name}={}", encoded(value))))
        .collect();
    if given.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", given.join("&"))
    }
}

fn encoded(text: &str) -> String {
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// A JSON object of those members that have a value.
pub(crate) fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    members
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)))
        .collect::<serde_json::Map<String, Value>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_one_segment_of_a_path() {
        assert_eq!(
            path(["apis", "https://a.test/x?y=1", "scopes", "read:all"]),
            "/apis/https%3A%2F%2Fa.test%2Fx%3Fy%3D1/scopes/read%3Aall"
        );
        assert_eq!(
            with_query("/clients", [("q", Some("a b")), ("status", None)]),
            "/clients?q=a%20b"
        );
        assert_eq!(
            page_of("/a?q=1", Some("c/")),
            "/a?q=1&limit=200&cursor=c%2F"
        );
        assert_eq!(page_of("/a", None), "/a?limit=200");
    }
}
