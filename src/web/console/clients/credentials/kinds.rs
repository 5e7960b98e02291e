//! What a client may prove itself with besides a secret, as forms ask for it: which kinds there are, which
//! fields each has, and what they say.

use crate::{
    admin::{
        credentials::NewCredential,
        input::{CredentialInput, PublicKeyInput},
        refusal::FieldErrors,
    },
    app::App,
    domain::{credential::Method, profile::Profile, secret::Proof},
    web::console::form::{Fields, Sheet},
};

/// A kind of credential that the client has by itself: a certificate, or a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::web::console::clients) enum Kind {
    /// A certificate, registered itself.
    Certificate,
    /// The key of certificates that the client makes itself.
    CertificateKey,
    /// What certificates of an authority say.
    Subject,
    /// A public key.
    Key,
    /// Where the client publishes its keys.
    KeySet,
}

/// What may be looked for in the certificates of an authority: the name of the metadata, and what it is called.
const NAMES: [(&str, &str); 5] = [
    ("tls_client_auth_subject_dn", "Subject"),
    ("tls_client_auth_san_dns", "DNS name"),
    ("tls_client_auth_san_uri", "URI"),
    ("tls_client_auth_san_ip", "IP address"),
    ("tls_client_auth_san_email", "E-mail address"),
];

impl Kind {
    /// Every one, in the order in which it is offered.
    const ALL: [Self; 5] = [
        Self::Certificate,
        Self::CertificateKey,
        Self::Subject,
        Self::Key,
        Self::KeySet,
    ];

    /// The names of the fields that ask for them.
    pub(in crate::web::console::clients) const FIELDS: [&str; 6] = [
        "certificate",
        "certificate_key",
        "subject_name",
        "subject",
        "key",
        "jwks_uri",
    ];

    /// The one that a form calls so.
    pub(in crate::web::console::clients) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// That of what a client has, if it is one of these.
    pub(in crate::web::console::clients) const fn of(proof: &Proof) -> Option<Self> {
        match proof {
            Proof::Certificate(_) => Some(Self::Certificate),
            Proof::CertificateKey(_) => Some(Self::CertificateKey),
            Proof::Subject(_) => Some(Self::Subject),
            Proof::Key(_) => Some(Self::Key),
            Proof::KeySet(_) => Some(Self::KeySet),
            Proof::Mac(_)
            | Proof::Password(_)
            | Proof::Shared(_)
            | Proof::CertificateKeySet(_)
            | Proof::Federated(_) => None,
        }
    }

    /// Its name in forms.
    pub(in crate::web::console::clients) const fn as_str(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::CertificateKey => "certificate_key",
            Self::Subject => "subject",
            Self::Key => "key",
            Self::KeySet => "jwks_uri",
        }
    }

    /// Its name for people.
    pub(in crate::web::console::clients) const fn label(self) -> &'static str {
        match self {
            Self::Certificate => "A certificate of its own",
            Self::CertificateKey => "The key of its certificates",
            Self::Subject => "A certificate of your authority",
            Self::Key => "A public key",
            Self::KeySet => "Keys that it publishes",
        }
    }

    /// What it is good for.
    pub(in crate::web::console::clients) const fn hint(self) -> &'static str {
        match self {
            Self::Certificate => {
                "Known by its thumbprint; nobody need vouch for it (`self_signed_tls_client_auth`)."
            }
            Self::CertificateKey => {
                "Any certificate that it makes itself with this key; renewed without a change here \
                 (`self_signed_tls_client_auth`)."
            }
            Self::Subject => {
                "Known by what it says; renewed without a change here (`tls_client_auth`)."
            }
            Self::Key => "It signs an assertion for each request (`private_key_jwt`).",
            Self::KeySet => "The same, with keys that change by themselves (`private_key_jwt`).",
        }
    }

    /// How a client authenticates with it.
    const fn method(self) -> Method {
        match self {
            Self::Certificate | Self::CertificateKey => Method::SelfSignedTlsClientAuth,
            Self::Subject => Method::TlsClientAuth,
            Self::Key | Self::KeySet => Method::PrivateKeyJwt,
        }
    }

    /// What the form says of it.
    ///
    /// # Errors
    /// What its certificates say is not among what can be looked for.
    pub(in crate::web::console::clients) fn read(
        self,
        fields: &Fields,
    ) -> Result<CredentialInput, FieldErrors> {
        let mut credential = CredentialInput::default();
        let text = |name: &str| Some(fields.text(name).to_owned());
        match self {
            Self::Certificate => credential.certificate = text("certificate"),
            Self::CertificateKey => {
                credential.key = text("certificate_key").map(PublicKeyInput::Text);
                credential.auth_method = Some(Method::SelfSignedTlsClientAuth.as_str().to_owned());
            }
            Self::Subject => {
                let name = fields.text("subject_name");
                if !NAMES.iter().any(|(known, _)| *known == name) {
                    return Err(FieldErrors::one("subject_name", "choose what to look for"));
                }
                credential.set_subject(name, fields.text("subject").to_owned());
            }
            Self::Key => credential.key = text("key").map(PublicKeyInput::Text),
            Self::KeySet => credential.jwks_uri = text("jwks_uri"),
        }
        Ok(credential)
    }
}

/// What a form needs to ask for one of them.
pub(in crate::web::console::clients) struct KindsOffered {
    /// Those that the server takes.
    pub(in crate::web::console::clients) kinds: Vec<Kind>,
    profile: Profile,
    /// Whether it asks clients for certificates.
    pub(in crate::web::console::clients) is_mutual: bool,
    /// What may be looked for in a certificate.
    pub(in crate::web::console::clients) names: [(&'static str, &'static str); 5],
}

impl KindsOffered {
    /// By this server.
    pub(in crate::web::console::clients) fn by(app: &App) -> Self {
        let profile = app.profile();
        let kinds = Kind::ALL.into_iter();
        Self {
            kinds: kinds
                .filter(|it| profile.allows_method(it.method()))
                .collect(),
            profile,
            is_mutual: app.addresses().mutual.is_some(),
            names: NAMES,
        }
    }

    /// Whether it takes tokens of other issuers.
    pub(in crate::web::console::clients) fn trusts_platforms(&self) -> bool {
        self.profile.allows_method(Method::Federated)
    }

    /// Whether it takes secrets.
    pub(in crate::web::console::clients) fn takes_secrets(&self) -> bool {
        self.profile.allows_method(Method::ClientSecret)
    }

    /// Whether it takes what secrets sign.
    pub(in crate::web::console::clients) fn takes_signatures(&self) -> bool {
        self.profile.allows_method(Method::ClientSecretJwt)
    }
}

/// Whether clients may use what was read, as strict as the server is.
///
/// # Errors
/// Its profile does not allow it.
pub(in crate::web::console::clients) fn check(
    credential: &NewCredential,
    profile: Profile,
) -> Result<(), FieldErrors> {
    if !profile.allows_method(credential.proof.method()) {
        let message = format!("the profile {profile} of this server does not take this");
        return Err(FieldErrors::one("credential", &message));
    }
    if let Proof::Key(key) = &credential.proof {
        let algorithm = key.verifier().algorithm();
        if !profile.allows_algorithm(algorithm) {
            let message = format!(
                "this key signs with {algorithm}; the profile {profile} of this server takes ES256, PS256 and \
                 EdDSA"
            );
            return Err(FieldErrors::one("credential.key", &message));
        }
    }
    Ok(())
}

/// Takes out of a refused form what is private: no page shows it again.
pub(in crate::web::console::clients) fn forget_private(sheet: &mut Sheet) {
    for field in ["certificate", "certificate_key", "key", "jwks"] {
        let value = sheet.value(field);
        let is_private = ["PRIVATE KEY-----", "\"d\"", "\"k\""]
            .iter()
            .any(|mark| value.contains(mark));
        if is_private {
            sheet.set(field, "");
        }
    }
}

/// Errors under the names that the forms have where this kind was chosen.
pub(in crate::web::console::clients) fn renamed(errors: &FieldErrors, kind: &str) -> FieldErrors {
    let mut all = FieldErrors::default();
    for (field, message) in errors.iter() {
        let field = field.trim_start_matches("credential.");
        let field = match field {
            "credential" => "kind",
            "key" if kind == Kind::CertificateKey.as_str() => "certificate_key",
            it if it.starts_with("tls_client_auth_") => "subject",
            it => it,
        };
        all.add(field, message);
    }
    all
}
