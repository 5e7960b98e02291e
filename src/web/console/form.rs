//! Forms: read strictly, shown again with what was typed and what is wrong with it.

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::header,
};

use super::{Console, page::sent_to, trouble::Trouble, words::capital};
use crate::{
    admin::{
        input::{ClaimsInput, Edit},
        refusal::FieldErrors,
    },
    app::{App, Once, Terms},
    crypto::text::base64url,
    domain::{actor::Actor, audit::Object, id::Revision, order},
    oauth::form::decode,
};

/// How long a form may be, in bytes.
const LONGEST_FORM: usize = 64 * 1024;

/// Members that say who sends a form, and nothing of what it is for.
const CONFIRMATION: &str = "confirm_";

/// Names and values, in the order in which they were sent.
///
/// No `Debug`: there may be a password among them.
#[derive(Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Static claims as they were typed; a form without the field changes nothing.
    pub(super) fn claims(&self) -> Edit<ClaimsInput> {
        if self.has("claims") {
            Edit::Set(ClaimsInput::Text(self.text("claims").to_owned()))
        } else {
            Edit::Keep
        }
    }

    /// Reads `a=1&b=2`.
    pub(super) fn parse(encoded: &str) -> Option<Self> {
        let pairs = encoded.split('&').filter(|pair| !pair.is_empty());
        let mut fields = Vec::new();
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name.as_bytes()).ok()?.into_owned();
            fields.push((name, decode(value.as_bytes()).ok()?.into_owned()));
        }
        Some(Self(fields))
    }

    /// What stands under `name`, without white space around it; nothing is the empty text.
    pub(super) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// The same to the letter: passwords may begin with a space.
    pub(super) fn raw(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    /// Everything that stands under `name`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Whether anything but white space stands under `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }

    /// Whether `value` stands under `name`: for boxes that are ticked.
    pub(super) fn holds(&self, name: &str, value: &str) -> bool {
        self.iter().any(|it| it == (name, value))
    }

    /// Everything but what says who sends it.
    pub(super) fn without_confirmation(&self) -> Self {
        let kept = self
            .iter()
            .filter(|(name, _)| !name.starts_with(CONFIRMATION));
        Self(
            kept.map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// Name by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Puts `value` under `name` beside what stands there.
    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Puts `value` under `name` in place of what stood there.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        let place = self.place(name).min(self.0.len());
        self.0.retain(|(field, _)| field != name);
        self.0.insert(place, (name.to_owned(), value.into()));
    }

    /// Where the first of a name stands among all; of one that is not there, after all.
    fn place(&self, name: &str) -> usize {
        let found = self.0.iter().position(|(field, _)| field == name);
        found.unwrap_or(usize::MAX)
    }
}

/// A form that was sent, and where to.
///
/// Takes part in no `Debug`, for the same reason as its fields.
pub(super) struct Form {
    /// What was filled in.
    pub(super) fields: Fields,
    /// The path it was sent to.
    pub(super) target: String,
}

impl FromRequest<Console> for Form {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &Console) -> Result<Self, Trouble> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_form = kind
            .split(';')
            .next()
            .is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded");
        let body = to_bytes(body, LONGEST_FORM)
            .await
            .map_err(|_| Trouble::too_large())?;
        if !is_form && !body.is_empty() {
            return Err(Trouble::malformed());
        }
        let text = std::str::from_utf8(&body).map_err(|_| Trouble::malformed())?;
        Ok(Self {
            fields: Fields::parse(text).ok_or_else(Trouble::malformed)?,
            target: sent_to(&parts).path().to_owned(),
        })
    }
}

impl Form {
    /// To make something new, once.
    pub(super) fn terms_of_new(&self, app: &App) -> Terms {
        Terms {
            once: self.once(app),
            if_match: None,
        }
    }

    /// To change `object`, once, and only if it is still what the page showed.
    pub(super) fn terms(&self, app: &App, object: Object) -> Terms {
        let revision = self.fields.text("revision").parse().ok().map(Revision);
        Terms {
            once: self.once(app),
            if_match: revision.map(|revision| (object, revision)),
        }
    }

    /// On what the same form was carried out before, if it was sent before: what it shows then may
    /// be gone, and where it leads is the same.
    pub(super) async fn earlier(&self, app: &App, actor: Actor) -> Result<Option<Object>, Trouble> {
        match self.once(app) {
            Some(once) => Ok(app.earlier(&actor, &once).await?),
            None => Ok(None),
        }
    }

    /// Each page that has a form gives it a key of its own, so that sending it twice does it once.
    fn once(&self, app: &App) -> Option<Once> {
        let key = self.fields.text("once");
        if key.is_empty() || key.len() > 64 {
            return None;
        }
        let registry = app.registry();
        let mut parts = vec![b"form ".as_slice(), self.target.as_bytes()];
        let kept = self.fields.without_confirmation();
        for (name, value) in kept.iter() {
            parts.extend([b"\n".as_slice(), name.as_bytes(), b"=", value.as_bytes()]);
        }
        Some(Once {
            key: key.to_owned(),
            request: base64url(registry.pepper().digest_parts(&parts)),
        })
    }
}

/// A form as a page shows it: what stands in it, and what is wrong with what stands in it.
#[derive(Clone, Default)]
pub(super) struct Sheet {
    fields: Fields,
    errors: Vec<(String, String)>,
    /// The names of the fields from top to bottom, where the page knows them better than what came.
    order: &'static [&'static str],
}

impl Sheet {
    /// Nothing wrong yet.
    pub(super) fn of(fields: Fields) -> Self {
        Self::in_order(fields, &[])
    }

    /// The same, of a page that has these fields from top to bottom.
    pub(super) fn in_order(fields: Fields, order: &'static [&'static str]) -> Self {
        Self {
            fields,
            errors: Vec::new(),
            order,
        }
    }

    /// As it came, with what is wrong.
    pub(super) fn refused(fields: Fields, errors: &FieldErrors) -> Self {
        let mut sheet = Self::of(fields);
        for (field, message) in errors.iter() {
            sheet.complain(field, message);
        }
        sheet
    }

    /// Notes what is wrong with a field, as a sentence. A form comes in the order of its page, so that what is wrong
    /// is in that order too; what did not come with it, as choices that nobody made, is last unless the page says
    /// where it stands.
    pub(super) fn complain(&mut self, field: &str, message: &str) {
        self.errors.push((field.to_owned(), capital(message)));
        order::by_key(&mut self.errors, |(field, _)| {
            let place = self.order.iter().position(|it| it == field);
            place.unwrap_or_else(|| self.fields.place(field))
        });
    }

    /// Puts `value` into a field.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.fields.set(name, value);
    }

    /// What stands in a field.
    pub(super) fn value(&self, name: &str) -> &str {
        self.fields.raw(name)
    }

    /// Whether a box is ticked, or an option chosen.
    pub(super) fn holds(&self, name: &str, value: &str) -> bool {
        self.fields.holds(name, value)
    }

    /// What is wrong with a field; nothing is the empty text.
    pub(super) fn error(&self, name: &str) -> &str {
        let found = self.errors.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, message)| message)
    }

    /// What is wrong, field by field.
    pub(super) fn errors(&self) -> &[(String, String)] {
        &self.errors
    }

    /// Whether anything is.
    pub(super) fn is_refused(&self) -> bool {
        !self.errors.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_may_repeat() {
        let fields = Fields::parse("name=Report+Service&scope=read&scope=write&empty=&x").unwrap();

        assert_eq!(fields.text("name"), "Report Service");
        assert!(fields.holds("scope", "write"));
        assert!(!fields.has("empty") && !fields.has("x") && !fields.has("none"));
        assert!(Fields::parse("a=%zz").is_none());
    }

    #[test]
    fn what_is_wrong_is_told_in_the_order_of_the_page() {
        let fields = Fields::parse("once=1&name=a&id=b&email=c").unwrap();
        let mut sheet = Sheet::of(fields);
        sheet.set("name", "d");

        for field in ["choice", "email", "id", "name"] {
            sheet.complain(field, "no");
        }

        let told: Vec<_> = sheet.errors().iter().map(|(field, _)| field).collect();
        assert_eq!(told, ["name", "id", "email", "choice"]);
    }

    #[test]
    fn a_choice_that_nobody_made_is_told_where_the_page_has_it() {
        let fields = Fields::parse("name=a&email=c").unwrap();
        let mut sheet = Sheet::in_order(fields, &["name", "choice", "email"]);

        for field in ["email", "choice", "name"] {
            sheet.complain(field, "no");
        }

        let told: Vec<_> = sheet.errors().iter().map(|(field, _)| field).collect();
        assert_eq!(told, ["name", "choice", "email"]);
    }

    #[test]
    fn what_says_who_sends_a_form_is_no_part_of_it() {
        let fields = Fields::parse("confirm_password=a&overlap=24h").unwrap();

        let kept: Vec<_> = fields.without_confirmation().0;

        assert_eq!(kept, [("overlap".to_owned(), "24h".to_owned())]);
    }
}
