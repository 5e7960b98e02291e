//! Operators: the people of the console.

use zeroize::Zeroizing;

use super::{
    audit::{Facts, facts},
    id::{OperatorId, Revision},
    name::{DisplayName, Email},
    permission::Role,
    time::{Span, Timestamp},
};
use crate::crypto::{
    mac::{MacKey, SecretDigest},
    password::PasswordHash,
    random::Entropy,
    totp::TotpSecret,
};

/// How long the link of an invitation or a reset can be followed.
pub const LINK_LIFE: Span = Span::hours(48);

/// How many recovery codes are made at once.
pub const RECOVERY_CODES: usize = 10;

/// A person who may look after this server.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// Never changes.
    pub id: OperatorId,
    /// What they sign in with; unique.
    pub email: Email,
    /// What they are called.
    pub name: DisplayName,
    /// What they are trusted with.
    pub role: Role,
    /// Their password, hashed; none until they have chosen one.
    pub password: Option<PasswordHash>,
    /// The app that makes their codes, once they have set one up.
    pub second_factor: Option<SecondFactor>,
    /// Tags of the recovery codes that they have not used yet.
    pub recovery_codes: Vec<SecretDigest>,
    /// The one-time link by which they choose a password, while there is one.
    pub link: Option<AccountLink>,
    /// When they signed in last.
    pub last_sign_in: Option<Timestamp>,
    /// Whether they may sign in.
    pub status: OperatorStatus,
    /// When they were added.
    pub created: Timestamp,
    /// Raised whenever their sessions must end: a new password, another role, disabled.
    pub epoch: u32,
    /// The revision that last changed them.
    pub revision: Revision,
}

/// Whether an operator may sign in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OperatorStatus {
    /// They may.
    Active,
    /// They may not, since then.
    Disabled(Timestamp),
}

/// An authenticator app that makes codes (RFC 6238).
#[derive(Clone, Debug, PartialEq)]
pub struct SecondFactor {
    /// What the app and the server share.
    pub secret: TotpSecret,
    /// Since when.
    pub since: Timestamp,
    /// The step of the latest code that was taken: neither it nor an older one is taken again.
    pub last_step: u64,
}

impl SecondFactor {
    /// The same after `code`, if that is right at `now` and newer than any used before.
    pub fn after(&self, code: &str, now: Timestamp) -> Option<Self> {
        let step = self.secret.step_of(code, now.seconds())?;
        (step > self.last_step).then(|| Self {
            last_step: step,
            ..self.clone()
        })
    }
}

/// A one-time link to an account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccountLink {
    /// The tag of its token.
    pub token: SecretDigest,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Until when it can be followed.
    pub expires: Timestamp,
}

/// What a one-time link to an account is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkPurpose {
    /// Somebody new chooses their first password.
    Invite,
    /// Somebody who lost theirs begins anew: another password, no second factor.
    Reset,
}

impl AccountLink {
    /// Whether it can be followed at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires
    }
}

impl Operator {
    /// Somebody who cannot sign in yet.
    pub fn new(
        id: OperatorId,
        (email, name): (Email, DisplayName),
        (role, created): (Role, Timestamp),
    ) -> Self {
        Self {
            id,
            email,
            name,
            role,
            password: None,
            second_factor: None,
            recovery_codes: Vec::new(),
            link: None,
            last_sign_in: None,
            status: OperatorStatus::Active,
            created,
            epoch: 0,
            revision: Revision::default(),
        }
    }

    /// Takes the second factor away, and what stands in for it.
    pub fn forget_second_factor(&mut self) {
        self.second_factor = None;
        self.recovery_codes.clear();
    }

    /// Whether they may sign in.
    pub fn is_active(&self) -> bool {
        self.status == OperatorStatus::Active
    }

    /// Whether they must set up a second factor before they may go on.
    pub fn lacks_second_factor(&self) -> bool {
        self.role.needs_second_factor() && self.second_factor.is_none()
    }

    /// Their link, if it can be followed at `now`.
    pub fn open_link(&self, now: Timestamp) -> Option<&AccountLink> {
        self.link.as_ref().filter(|link| link.is_open(now))
    }

    /// What the audit log may say of them.
    pub fn facts(&self) -> Facts {
        let mut all = facts([
            ("email", self.email.to_string()),
            ("name", self.name.to_string()),
            ("role", self.role.to_string()),
            (
                "status",
                if self.is_active() {
                    "active"
                } else {
                    "disabled"
                }
                .to_owned(),
            ),
            ("has_password", self.password.is_some().to_string()),
            (
                "has_second_factor",
                self.second_factor.is_some().to_string(),
            ),
            ("recovery_codes_left", self.recovery_codes.len().to_string()),
        ]);
        if let Some(link) = &self.link {
            all.insert("link_expires".to_owned(), link.expires.to_string());
        }
        all
    }
}

/// Codes that stand in for a lost second factor, each once. Exist between making and showing them.
///
/// No `Debug`, no `Clone`, no `Serialize`. Wiped when dropped.
pub struct RecoveryCodes(Vec<Zeroizing<String>>);

impl RecoveryCodes {
    /// Ten new ones, of 120 bits each.
    pub fn generate(entropy: &Entropy) -> Self {
        let code = |_| {
            let letters = Zeroizing::new(entropy.lower_base32(24));
            let mut code = Zeroizing::new(String::with_capacity(29));
            for (at, letter) in letters.chars().enumerate() {
                if at > 0 && at % 4 == 0 {
                    code.push('-');
                }
                code.push(letter);
            }
            code
        };
        Self((0..RECOVERY_CODES).map(code).collect())
    }

    /// The only way out: each code, as `k7qd-2m4a-…`.
    pub fn reveal(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|code| code.as_str())
    }

    /// What is kept of them.
    pub fn digests(&self, operator: &OperatorId, pepper: &MacKey) -> Vec<SecretDigest> {
        self.reveal()
            .map(|code| recovery_digest(code, operator, pepper))
            .collect()
    }
}

/// The tag of a recovery code, however it was typed: case, spaces and dashes do not matter.
pub fn recovery_digest(code: &str, operator: &OperatorId, pepper: &MacKey) -> SecretDigest {
    let letters = code.chars().filter(char::is_ascii_alphanumeric);
    let letters: Zeroizing<String> =
        Zeroizing::new(letters.map(|it| it.to_ascii_lowercase()).collect());
    let parts = [
        b"recovery code\0".as_slice(),
        operator.as_str().as_bytes(),
        letters.as_bytes(),
    ];
    SecretDigest::new(pepper.digest_parts(&parts))
}
