//! Where a directory looks for the answers to its challenges (RFC 8555 §8.3). Nothing else is there: who reads
//! a page is led to the issuer, by https, and everything else is not found.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, Method, Request, Response, StatusCode, header},
    routing::get,
};

use crate::domain::issuer::Issuer;

/// The answers that are up now: while an order runs, and no longer. A clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Challenges(Arc<Mutex<BTreeMap<String, String>>>);

/// An answer is taken down when this is dropped.
#[derive(Debug)]
pub(super) struct Answer {
    token: String,
    challenges: Challenges,
}

impl Challenges {
    /// What is served where challenges are answered, for the server of this issuer.
    pub fn router(&self, issuer: &Issuer) -> Router {
        // The host of the issuer, never the one that was asked for: nobody is led elsewhere.
        let origin = match issuer.as_str().strip_suffix(issuer.path()) {
            Some(origin) if !issuer.path().is_empty() => origin.to_owned(),
            _ => issuer.as_str().to_owned(),
        };
        Router::new()
            .route("/.well-known/acme-challenge/{token}", get(answer))
            .with_state(self.clone())
            .fallback(move |request: Request<Body>| {
                let answer = elsewhere(&origin, &request);
                async move { answer }
            })
    }

    pub(super) fn put_up(&self, token: String, answer: String) -> Answer {
        self.change(|answers| answers.insert(token.clone(), answer));
        Answer {
            token,
            challenges: self.clone(),
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, String>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.challenges
            .change(|answers| answers.remove(&self.token));
    }
}

async fn answer(State(challenges): State<Challenges>, Path(token): Path<String>) -> Response<Body> {
    match challenges.change(|answers| answers.get(&token).cloned()) {
        Some(answer) => {
            let mut answer = Response::new(Body::from(answer));
            let binary = HeaderValue::from_static("application/octet-stream");
            answer.headers_mut().insert(header::CONTENT_TYPE, binary);
            answer
        }
        None => status(StatusCode::NOT_FOUND),
    }
}

/// Only reading is led on: whoever sends something in the clear has to notice.
fn elsewhere(origin: &str, request: &Request<Body>) -> Response<Body> {
    let path = request.uri().path_and_query().map_or("/", |it| it.as_str());
    let place = HeaderValue::try_from(format!("{origin}{path}"));
    match place {
        Ok(place) if [Method::GET, Method::HEAD].contains(request.method()) => {
            let mut answer = status(StatusCode::PERMANENT_REDIRECT);
            answer.headers_mut().insert(header::LOCATION, place);
            answer
        }
        Ok(_) | Err(_) => status(StatusCode::NOT_FOUND),
    }
}

fn status(status: StatusCode) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}
