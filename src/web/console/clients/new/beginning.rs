//! What a new client begins with, as its plan says: a secret, a key, a certificate, or the tokens of a platform.

use super::{
    super::credentials::{
        federate::platform::Platform,
        kinds::{self, Kind, KindsOffered},
    },
    Plan, STEPS, Typed, secret,
};
use crate::{
    admin::{credentials::NewCredential, input::CredentialInput, refusal::FieldErrors},
    app::App,
    web::console::form::Fields,
};

/// The kind that is a secret, as the form calls it.
pub(super) const SECRET: &str = "secret";

/// The kind that is a secret with which the client signs.
pub(super) const SIGNING_SECRET: &str = "signing_secret";

/// The kind that is a platform's tokens.
pub(super) const PLATFORM: &str = "platform";

/// The page that asks about a platform.
pub(super) const PLATFORM_PAGE: &str = "/clients/new/platform";

/// What a client begins with.
pub(super) enum Beginning {
    /// A secret, which the server makes.
    Secret,
    /// Something that is none.
    Credential(NewCredential),
}

/// What is chosen, before it is known to be right.
enum Choice {
    Secret,
    Own(Kind),
    Platform(Platform),
}

impl Plan {
    /// What its client begins with, or all that is wrong with it: under the names of the pages' fields.
    pub(super) fn beginning(&self, app: &App) -> Result<Beginning, FieldErrors> {
        let choice = self.choice(app)?;
        if let Choice::Secret = choice {
            return match secret::objection(&self.life, app.registry().policy()) {
                Some(objection) => Err(FieldErrors::one("life", &objection)),
                None => Ok(Beginning::Secret),
            };
        }
        let renamed = |errors: FieldErrors| match choice {
            Choice::Secret => errors,
            Choice::Own(kind) => kinds::renamed(&errors, kind.as_str()),
            Choice::Platform(platform) => platform.renamed(&errors),
        };
        let input = self.input_of(&choice).map_err(renamed)?;
        let credential = input.read().map_err(renamed)?;
        credential.expires(app.now()).map_err(renamed)?;
        kinds::check(&credential, app.profile()).map_err(renamed)?;
        Ok(Beginning::Credential(credential))
    }

    /// The credential that it is not to have a secret for; nothing if it is to have one.
    pub(super) fn credential_input(
        &self,
        app: &App,
    ) -> Result<Option<CredentialInput>, FieldErrors> {
        match self.choice(app)? {
            Choice::Secret => Ok(None),
            choice @ (Choice::Own(_) | Choice::Platform(_)) => self.input_of(&choice).map(Some),
        }
    }

    /// Whether its client trusts a platform.
    pub(super) fn is_of_a_platform(&self) -> bool {
        self.kind == PLATFORM
    }

    /// Whether its client begins with a secret.
    pub(super) fn is_secret(&self) -> bool {
        self.kind == SECRET || self.signs()
    }

    /// Whether its client signs with its secret.
    pub(super) fn signs(&self) -> bool {
        self.kind == SIGNING_SECRET
    }

    /// The page on which what it begins with is filled in.
    pub(super) fn page(&self) -> &'static str {
        if self.is_of_a_platform() {
            PLATFORM_PAGE
        } else {
            STEPS[2].0
        }
    }

    /// The platform that it trusts, if one is chosen.
    pub(super) fn platform(&self) -> Option<Platform> {
        Platform::named(self.trust.get(PLATFORM)?)
    }

    fn choice(&self, app: &App) -> Result<Choice, FieldErrors> {
        let offered = KindsOffered::by(app);
        let choice = match self.kind.as_str() {
            SECRET if offered.takes_secrets() => Some(Choice::Secret),
            SIGNING_SECRET if offered.takes_signatures() => Some(Choice::Secret),
            PLATFORM if offered.trusts_platforms() => self.platform().map(Choice::Platform),
            name => Kind::named(name)
                .filter(|kind| offered.kinds.contains(kind))
                .map(Choice::Own),
        };
        choice.ok_or_else(|| FieldErrors::one("kind", "choose what it proves itself with"))
    }

    fn input_of(&self, choice: &Choice) -> Result<CredentialInput, FieldErrors> {
        let described = match choice {
            Choice::Secret => CredentialInput::default(),
            Choice::Own(kind) => kind.read(&fields(&self.credential))?,
            Choice::Platform(platform) => CredentialInput {
                federation: Some(platform.trust(&fields(&self.trust))?),
                ..CredentialInput::default()
            },
        };
        Ok(CredentialInput {
            note: Some(self.note.clone()),
            ..described
        })
    }
}

/// What was typed, as the fields of a form.
pub(super) fn fields(typed: &Typed) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in typed {
        fields.set(name, value);
    }
    fields
}
