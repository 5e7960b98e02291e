//! The policy, edited part by part: each page of the settings is a form over some of its fields.

use askama::Template;
use axum::{
    body::Body,
    http::{Response, StatusCode},
};

use crate::{
    admin::{
        input::{PolicyInput, SpanInput},
        refusal::{FieldErrors, Refusal},
        settings::SetPolicy,
    },
    app::{AdminError, Terms},
    crypto::text::fingerprint,
    domain::{audit::Object, permission::Permission, policy::Policy},
    web::console::{
        Console,
        confirm::Confirmed,
        form::{Fields, Form, Sheet},
        other::{Labels, Other},
        page::{self, Flash},
        trouble::Trouble,
        visit::Visitor,
        words::typed,
    },
};

/// A part of the policy that has a page of its own.
pub(super) struct Part {
    /// Where the page lies, below the console's path.
    pub(super) path: &'static str,
    /// Its fields, and what they are called.
    pub(super) fields: &'static Labels,
    /// Whether whoever changes it proves first that it is them.
    pub(super) is_guarded: bool,
    /// What is said once it is saved.
    pub(super) saved: &'static str,
}

/// The form of a part as its page shows it.
pub(super) struct Entry {
    pub(super) sheet: Sheet,
    /// Stands for the values that the form was made of.
    pub(super) revision: String,
    /// What somebody else changed while it was filled in.
    pub(super) other: Option<Other>,
}

impl Entry {
    fn refused(fields: Fields, errors: &FieldErrors) -> Self {
        Self {
            revision: fields.text("revision").to_owned(),
            sheet: Sheet::refused(fields, errors),
            other: None,
        }
    }

    /// Whether nothing was saved, and the page says why.
    pub(super) fn is_returned(&self) -> bool {
        self.sheet.is_refused() || self.other.is_some()
    }

    /// The status of a page that shows it.
    pub(super) fn status(&self) -> StatusCode {
        match (&self.other, self.sheet.is_refused()) {
            (Some(_), _) => StatusCode::CONFLICT,
            (None, true) => StatusCode::UNPROCESSABLE_ENTITY,
            (None, false) => StatusCode::OK,
        }
    }
}

impl Part {
    /// The policy as it is.
    pub(super) fn entry(&self, policy: &Policy) -> Entry {
        Entry {
            sheet: Sheet::of(filled(policy)),
            revision: self.mark(policy),
            other: None,
        }
    }

    /// Stands for the values of its fields: an edit of another page leaves it as it is.
    fn mark(&self, policy: &Policy) -> String {
        let filled = filled(policy);
        let values = self.fields.iter();
        let values: Vec<_> = values
            .map(|(name, _)| format!("{name}={}", filled.text(name)))
            .collect();
        fingerprint(values.join("\n").as_bytes())
    }

    /// On what terms a form is carried out: only while its fields are as they were shown; nothing if
    /// they are not.
    fn terms(&self, console: &Console, form: &Form) -> Option<Terms> {
        let shown = form.fields.text("revision");
        let registry = console.app.registry();
        let policy = registry.policy();
        let once = form.terms_of_new(&console.app);
        if shown.is_empty() {
            return Some(once);
        }
        let if_match = Some((Object::Settings, policy.revision));
        (shown == self.mark(policy)).then_some(Terms { if_match, ..once })
    }

    /// Carries a form out, and goes on; what was filled in comes back on the page that `again`
    /// makes of it.
    pub(super) async fn save<T: Template>(
        &self,
        (console, visitor): (&Console, Visitor),
        form: Form,
        again: impl FnOnce(&Visitor, Entry) -> T,
    ) -> Result<Response<Body>, Trouble> {
        visitor.require(Permission::WriteSettings)?;
        let Confirmed { visitor, form } = if self.is_guarded {
            Confirmed::by(console, visitor, form).await?
        } else {
            Confirmed { visitor, form }
        };
        let errors = match self.read(&form.fields) {
            Err(errors) => errors,
            Ok(_) if form.earlier(&console.app, visitor.actor()).await?.is_some() => {
                return Ok(visitor.see(self.path));
            }
            Ok(command) => {
                let Some(terms) = self.terms(console, &form) else {
                    let entry = self.met(console, form.fields).await?;
                    return Ok(page::page(entry.status(), &again(&visitor, entry)));
                };
                let done = console.app.execute_on(visitor.actor(), terms, command);
                match done.await {
                    Ok(()) => return visitor.done(self.path, Flash::done(self.saved)).await,
                    Err(AdminError::Replayed(_)) => return Ok(visitor.see(self.path)),
                    Err(AdminError::Refusal(Refusal::Invalid(errors))) => errors,
                    Err(AdminError::Refusal(Refusal::Stale(_))) => {
                        let entry = self.met(console, form.fields).await?;
                        return Ok(page::page(entry.status(), &again(&visitor, entry)));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        let entry = Entry::refused(form.fields, &errors);
        Ok(page::page(entry.status(), &again(&visitor, entry)))
    }

    /// Somebody else was faster: their values and these, side by side.
    async fn met(&self, console: &Console, ours: Fields) -> Result<Entry, Trouble> {
        let theirs = self.entry(console.app.registry().policy());
        let about = ("settings", self.fields);
        let policy = filled(console.app.registry().policy());
        let other = Other::of(&console.app, about, (&policy, &ours)).await?;
        Ok(Entry {
            sheet: Sheet::of(ours),
            other: Some(other),
            ..theirs
        })
    }

    fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|(name, _)| *name == field)
    }

    /// The command, or all that is wrong with the form.
    fn read(&self, fields: &Fields) -> Result<SetPolicy, FieldErrors> {
        let mut errors = FieldErrors::default();
        let text = |name: &str| self.has(name).then(|| fields.text(name).to_owned());
        let mut span = |name: &str| {
            let text = text(name)?;
            errors.check(name, with_unit(&text))?;
            Some(SpanInput::Text(text))
        };
        let input = PolicyInput {
            token_lifetime: span("token_lifetime"),
            secret_lifetime: span("secret_lifetime"),
            longest_secret_lifetime: span("longest_secret_lifetime"),
            overlap: span("overlap"),
            session_idle: span("session_idle"),
            session_longest: span("session_longest"),
            reauthenticate_after: span("reauthenticate_after"),
            server_name: text("server_name"),
            endless_secrets: self
                .has("endless_secrets")
                .then(|| fields.has("endless_secrets")),
            on_leak: text("on_leak"),
            dpop_nonces: self.has("dpop_nonces").then(|| fields.has("dpop_nonces")),
            forward_policies: text("forward_policies")
                .map(|text| text.lines().map(str::to_owned).collect()),
            master_key_kept: self
                .has("master_key_kept")
                .then(|| fields.holds("master_key_kept", "yes")),
        };
        let parsed = input.parse();
        if let Err(others) = &parsed {
            for (field, message) in others.iter() {
                errors.add(field, message);
            }
        }
        errors.finish()?;
        parsed
    }
}

/// A number alone would be seconds, which nobody means.
fn with_unit(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("write a length of time, such as 15m, 24h or 90d")
    } else if text != "0" && text.bytes().all(|it| it.is_ascii_digit()) {
        Err("write the unit too, such as 15m, 24h or 90d")
    } else {
        Ok(())
    }
}

/// The fields of all forms, as the policy is.
fn filled(policy: &Policy) -> Fields {
    let mut fields = Fields::default();
    let spans = [
        ("token_lifetime", policy.token_lifetime.span()),
        ("secret_lifetime", policy.secret_lifetime),
        ("longest_secret_lifetime", policy.longest_secret_lifetime),
        ("overlap", policy.overlap),
        ("session_idle", policy.session_idle),
        ("session_longest", policy.session_longest),
        ("reauthenticate_after", policy.reauthenticate_after),
    ];
    for (name, span) in spans {
        fields.set(name, typed(span));
    }
    fields.set("server_name", policy.server_name.as_str());
    fields.set("on_leak", policy.on_leak.as_str());
    fields.set(
        "forward_policies",
        policy.forward_policies.lines().join("\n"),
    );
    if policy.dpop_nonces {
        fields.set("dpop_nonces", "yes");
    }
    if policy.endless_secrets {
        fields.set("endless_secrets", "yes");
    }
    if policy.master_key_kept.is_some() {
        fields.set("master_key_kept", "yes");
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Span;

    const TOKENS: Part = Part {
        path: "",
        fields: &[("overlap", "Overlap"), ("secret_lifetime", "Secrets")],
        is_guarded: false,
        saved: "",
    };

    #[test]
    fn a_form_changes_the_fields_of_its_page_and_no_other() {
        let typed = "overlap=0&secret_lifetime=90d&endless_secrets=&server_name=x";

        let edit = TOKENS.read(&Fields::parse(typed).unwrap()).unwrap();

        assert_eq!(edit.overlap, Some(Span(0)));
        assert_eq!(edit.secret_lifetime, Some(Span::days(90)));
        assert_eq!((edit.server_name, edit.endless_secrets), (None, None));
    }

    #[test]
    fn a_number_without_a_unit_is_asked_about() {
        let typed = Fields::parse("overlap=&secret_lifetime=90").unwrap();

        let errors = TOKENS.read(&typed).unwrap_err();

        let fields: Vec<_> = errors.iter().collect();
        assert_eq!(
            fields,
            [
                ("overlap", "write a length of time, such as 15m, 24h or 90d"),
                (
                    "secret_lifetime",
                    "write the unit too, such as 15m, 24h or 90d"
                ),
            ]
        );
    }
}
