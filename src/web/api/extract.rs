//! Requests, read: addresses, queries, bodies and conditions. What cannot be read is a problem that
//! names the place.

use axum::{
    body::{Bytes, to_bytes},
    extract::{self, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, Method, header, request::Parts},
};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::ToSchema;

use super::{
    idempotency::once,
    problem::{Kind, Problem},
};
use crate::{
    admin::refusal::FieldErrors,
    app::{App, Once, Terms},
    domain::{audit::Object, id::Revision},
};

/// How long a body may be, in bytes.
pub(crate) const LONGEST_BODY: usize = 1024 * 1024;

/// What the address names. A text that can be the id of nothing is the id of nothing.
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for At<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match extract::Path::from_request_parts(parts, app).await {
            Ok(extract::Path(named)) => Ok(Self(named)),
            Err(_) => Err(Problem::nowhere()),
        }
    }
}

/// The query, without unknown or repeated parameters.
pub(super) struct Queried<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Queried<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        match extract::Query::try_from_uri(&parts.uri) {
            Ok(extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => {
                let text = rejection.body_text();
                let message = text.rsplit(": ").next().unwrap_or_default();
                let (field, message) = explain("", message);
                Err(FieldErrors::one(&field, &message).into())
            }
        }
    }
}

/// A body, and on which terms it is to be carried out.
pub(super) struct Written<T> {
    pub(super) input: T,
    once: Option<Once>,
    if_match: Option<IfMatch>,
}

/// What `If-Match` asks for (RFC 9110 §13.1.1).
#[derive(Clone, Copy)]
enum IfMatch {
    /// That the thing exists: it must anyway.
    Anything,
    /// That it is as it was at this revision.
    Revision(Revision),
    /// A tag that we never gave.
    Nothing,
}

impl<T> Written<T> {
    /// To be carried out on something that exists.
    pub(super) fn terms(&self, object: Object) -> Result<Terms, Problem> {
        let if_match = match self.if_match {
            None | Some(IfMatch::Anything) => None,
            Some(IfMatch::Revision(revision)) => Some((object, revision)),
            Some(IfMatch::Nothing) => return Err(Problem::stale()),
        };
        Ok(Terms {
            once: self.once.clone(),
            if_match,
        })
    }

    /// To make something new.
    pub(super) fn terms_of_new(&self) -> Terms {
        Terms {
            once: self.once.clone(),
            if_match: None,
        }
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Written<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LONGEST_BODY).await.map_err(|_| {
            let detail = format!("a body has at most {LONGEST_BODY} bytes");
            Problem::new(Kind::TooLarge, detail)
        })?;
        let once = match parts.method {
            Method::POST => once(&parts, &body, app)?,
            _ => None,
        };
        Ok(Self {
            input: read(&parts.headers, &body)?,
            once,
            if_match: if_match(&parts.headers),
        })
    }
}

/// For requests that say everything in their address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

fn if_match(headers: &HeaderMap) -> Option<IfMatch> {
    let mut fields = headers.get_all(header::IF_MATCH).iter();
    let (first, second) = (fields.next()?, fields.next());
    let text = first.to_str().unwrap_or_default().trim();
    let revision = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .and_then(|text| text.parse().ok());
    Some(match (text, revision, second) {
        ("*", _, None) => IfMatch::Anything,
        (_, Some(revision), None) => IfMatch::Revision(Revision(revision)),
        _ => IfMatch::Nothing,
    })
}

/// Reads JSON; no body at all is an empty object.
fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Problem> {
    let body = body.trim_ascii();
    if body.is_empty() {
        return parse(b"{}");
    }
    if !is_json(headers) {
        let detail = "send the body as Content-Type: application/json";
        return Err(Problem::new(Kind::MediaType, detail));
    }
    parse(body)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let malformed = |detail: String| Problem::new(Kind::Malformed, detail);
    if !body.starts_with(b"{") {
        return Err(malformed("the body is one JSON object".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            let (field, message) = explain(&path, &error.to_string());
            FieldErrors::one(&field, &message).into()
        } else {
            malformed(format!("the body is not JSON: {error}"))
        }
    })?;
    reader
        .end()
        .map_err(|error| malformed(format!("more than one JSON object: {error}")))?;
    Ok(parsed)
}

/// The field that a reader's complaint at `path` is about, and the complaint in our words.
fn explain(path: &str, complaint: &str) -> (String, String) {
    let complaint = match complaint.rfind(" at line ") {
        Some(end) => &complaint[..end],
        None => complaint,
    };
    let named = complaint.split('`').nth(1).unwrap_or_default();
    let path = if path == "." { "" } else { path };
    let is_at_path = path == named || path.ends_with(&format!(".{named}"));
    let field = match path {
        _ if is_at_path && !named.is_empty() => path.to_owned(),
        "" => named.to_owned(),
        parent => format!("{parent}.{named}"),
    };
    if complaint.starts_with("unknown field") {
        let known: Vec<&str> = complaint.split('`').skip(3).step_by(2).collect();
        let message = match known.as_slice() {
            [] => "there is nothing of this name here".to_owned(),
            known => format!(
                "there is nothing of this name here, only {}",
                known.join(", ")
            ),
        };
        (field, message)
    } else if complaint.starts_with("duplicate field") {
        (field, "this is here twice".to_owned())
    } else if complaint.starts_with("missing field") {
        (field, "this is missing".to_owned())
    } else {
        let field = if path.is_empty() { "body" } else { path };
        (field.to_owned(), complaint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::input::{ClientEditInput, ClientInput};

    fn wrong<T: DeserializeOwned>(body: &str) -> String {
        match parse::<T>(body.as_bytes()) {
            Ok(_) => panic!("this should have been refused: {body}"),
            Err(problem) => format!("{problem:?}"),
        }
    }

    #[test]
    fn a_member_that_cannot_be_read_is_named_with_its_path() {
        for (body, field, message) in [
            (
                r#"{"colour": 1}"#,
                "colour",
                "there is nothing of this name here, only name",
            ),
            (
                r#"{"name": "x", "name": "y"}"#,
                "name",
                "this is here twice",
            ),
            (r#"{"name": 5}"#, "name", "invalid type: integer"),
            (
                r#"{"grants": [{}, {"scope": []}]}"#,
                "grants[1].scope",
                "there is nothing",
            ),
            (
                r#"{"grants": [{"scopes": "x"}]}"#,
                "grants[0].scopes",
                "invalid type: string",
            ),
            (
                r#"{"secret": {"valu": "x"}}"#,
                "secret.valu",
                "there is nothing",
            ),
            (
                r#"{"token_lifetime": true}"#,
                "token_lifetime",
                "invalid type: boolean",
            ),
        ] {
            let problem = wrong::<ClientInput>(body);
            assert!(
                problem.contains(&format!("{field:?}: ")),
                "{body}: {problem}"
            );
            assert!(problem.contains(message), "{body}: {problem}");
        }
        let edit = wrong::<ClientEditInput>(r#"{"owner": {}}"#);
        assert!(edit.contains("\"owner\": "), "{edit}");
    }

    #[test]
    fn what_is_no_json_object_is_malformed() {
        for body in [
            "[]",
            "null",
            "{",
            "{} {}",
            "{}x",
            "\u{feff}{}",
            &"[".repeat(500),
        ] {
            assert!(wrong::<ClientInput>(body).contains("Malformed"), "{body}");
        }
        let deep = format!("{{\"grants\": {}", "[".repeat(500));
        wrong::<ClientInput>(&deep);
    }

    #[test]
    fn if_match_is_a_revision_a_star_or_never_true() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::IF_MATCH, value.parse().unwrap());
            }
            if_match(&headers)
        };
        assert!(read(&[]).is_none());
        assert!(matches!(read(&["*"]), Some(IfMatch::Anything)));
        assert!(matches!(
            read(&["\"7\""]),
            Some(IfMatch::Revision(Revision(7)))
        ));
        for odd in [
            &["W/\"7\""][..],
            &["7"],
            &["\"x\""],
            &["\"7\"", "\"8\""],
            &["\"7\", \"8\""],
        ] {
            assert!(matches!(read(odd), Some(IfMatch::Nothing)), "{odd:?}");
        }
    }
}
