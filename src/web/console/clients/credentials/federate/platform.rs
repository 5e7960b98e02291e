//! The platforms that give their workloads tokens, and what one says of a workload there: from what an operator
//! knows of it to the issuer, subject and claims of a trust.

use std::collections::BTreeMap;

use crate::{
    admin::{
        input::{FederationInput, PublicKeyInput, SpanInput},
        refusal::FieldErrors,
    },
    domain::spiffe::SCHEME,
    web::console::form::Fields,
};

/// A platform.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::web::console::clients) enum Platform {
    /// GitHub Actions.
    #[default]
    GitHub,
    /// GitLab CI/CD.
    GitLab,
    /// Service accounts of Kubernetes.
    Kubernetes,
    /// JWT-SVIDs of SPIFFE.
    Spiffe,
    /// Any other issuer of JWTs.
    Other,
}

impl Platform {
    /// The names of the fields that ask for what is known of a workload, of all platforms together.
    pub(in crate::web::console::clients) const FIELDS: [&str; 17] = [
        "platform",
        "repository",
        "repository_id",
        "project",
        "project_id",
        "place",
        "name",
        "namespace",
        "account",
        "subject",
        "claims",
        "issuer",
        "jwks_uri",
        "jwks",
        "audience",
        "max_age",
        "algorithms",
    ];

    /// Every one, the best known first.
    pub(in crate::web::console::clients) const ALL: [Self; 5] = [
        Self::GitHub,
        Self::GitLab,
        Self::Kubernetes,
        Self::Spiffe,
        Self::Other,
    ];

    /// Its name in addresses and forms.
    pub(in crate::web::console::clients) const fn as_str(self) -> &'static str {
        match self {
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Kubernetes => "kubernetes",
            Self::Spiffe => "spiffe",
            Self::Other => "other",
        }
    }

    /// Its name for people.
    pub(in crate::web::console::clients) const fn label(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab CI/CD",
            Self::Kubernetes => "Kubernetes",
            Self::Spiffe => "SPIFFE",
            Self::Other => "Another issuer",
        }
    }

    /// Its name in the middle of a sentence.
    pub(in crate::web::console::clients) const fn in_a_sentence(self) -> &'static str {
        match self {
            Self::Other => "another issuer",
            Self::GitHub | Self::GitLab | Self::Kubernetes | Self::Spiffe => self.label(),
        }
    }

    /// The one of this name.
    pub(in crate::web::console::clients) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Its issuer, where most have the same.
    pub(in crate::web::console::clients) const fn issuer(self) -> &'static str {
        match self {
            Self::GitHub => "https://token.actions.githubusercontent.com",
            Self::GitLab => "https://gitlab.com",
            Self::Kubernetes | Self::Spiffe | Self::Other => "",
        }
    }

    /// The one whose workloads have such subjects.
    pub(in crate::web::console::clients) fn of_subject(subject: &str) -> Self {
        let begins = |start| subject.starts_with(start);
        if begins("repo:") {
            Self::GitHub
        } else if begins("project_path:") {
            Self::GitLab
        } else if begins("system:serviceaccount:") {
            Self::Kubernetes
        } else if begins(SCHEME) {
            Self::Spiffe
        } else {
            Self::Other
        }
    }

    /// The field in which the subject is wrong, if it is.
    const fn subject_field(self) -> &'static str {
        match self {
            Self::GitHub => "repository",
            Self::GitLab => "project",
            Self::Kubernetes => "account",
            Self::Spiffe | Self::Other => "subject",
        }
    }

    /// How a workload gets a token for `audience` there, in lines to copy.
    pub(in crate::web::console::clients) fn lines(self, audience: &str) -> Option<String> {
        let lines = match self {
            Self::GitHub => format!(
                "export JETON_ASSERTION=$(curl -sH \"Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN\" \\\n  \
                 \"$ACTIONS_ID_TOKEN_REQUEST_URL&audience={audience}\" | jq -r .value)"
            ),
            Self::GitLab => format!("id_tokens:\n  JETON_ASSERTION:\n    aud: {audience}"),
            Self::Kubernetes => format!(
                "volumes:\n- name: jeton\n  projected:\n    sources:\n    - serviceAccountToken:\n        \
                 path: assertion\n        audience: {audience}\n        expirationSeconds: 600"
            ),
            Self::Spiffe => {
                format!("spire-agent api fetch jwt -audience {audience} -output json")
            }
            Self::Other => return None,
        };
        Some(lines)
    }

    /// Errors under the names that its form has.
    pub(in crate::web::console::clients) fn renamed(self, errors: &FieldErrors) -> FieldErrors {
        let mut all = FieldErrors::default();
        for (field, message) in errors.iter() {
            let field = field.trim_start_matches("credential.");
            let field = match field.trim_start_matches("federation.") {
                "subject" => self.subject_field(),
                other => other,
            };
            all.add(field, message);
        }
        all
    }

    /// The trust that a form describes.
    pub(in crate::web::console::clients) fn trust(
        self,
        fields: &Fields,
    ) -> Result<FederationInput, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut claims = BTreeMap::new();
        let subject = match self {
            Self::GitHub => github(fields, &mut claims, &mut errors),
            Self::GitLab => gitlab(fields, &mut claims, &mut errors),
            Self::Kubernetes => {
                let namespace = part(fields, "namespace", &mut errors);
                let account = part(fields, "account", &mut errors);
                format!("system:serviceaccount:{namespace}:{account}")
            }
            Self::Spiffe => {
                let subject = fields.text("subject");
                if !subject.starts_with(SCHEME) {
                    errors.add("subject", "a SPIFFE ID begins with spiffe://");
                }
                subject.to_owned()
            }
            Self::Other => {
                claims = lines(fields.raw("claims"), &mut errors);
                fields.text("subject").to_owned()
            }
        };
        for name in ["issuer", "audience"] {
            // For a SPIFFE ID the trust domain vouches.
            let is_domains = self == Self::Spiffe || subject.starts_with(SCHEME);
            let is_known = fields.has(name) || is_domains && name == "issuer";
            if !is_known {
                errors.add(name, &format!("enter the {}", called(name)));
            }
        }
        let given = |name: &str| Some(fields.text(name)).filter(|text| !text.is_empty());
        let trust = FederationInput {
            issuer: fields.text("issuer").to_owned(),
            subject,
            audience: fields.text("audience").to_owned(),
            claims,
            max_age: given("max_age").map(|span| SpanInput::Text(span.to_owned())),
            algorithms: fields
                .text("algorithms")
                .split([' ', ','])
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
            jwks_uri: given("jwks_uri").map(str::to_owned),
            jwks: given("jwks").map(|keys| PublicKeyInput::Text(keys.to_owned())),
        };
        if errors.iter().next().is_none() {
            return Ok(trust);
        }
        // What is wrong with the subject is said of its parts.
        for (field, message) in trust.objections().iter() {
            if field != "subject" || self.subject_field() == field {
                errors.add(field, message);
            }
        }
        Err(errors)
    }
}

/// `repo:OWNER/REPOSITORY:…`, and the repository's number: names can be taken by others once they are free.
fn github(
    fields: &Fields,
    claims: &mut BTreeMap<String, String>,
    errors: &mut FieldErrors,
) -> String {
    let repository = path(fields, "repository", errors);
    number(fields, "repository_id", claims, errors);
    let place = fields.text("place");
    let what = match place {
        "branch" => format!("ref:refs/heads/{}", part(fields, "name", errors)),
        "tag" => format!("ref:refs/tags/{}", part(fields, "name", errors)),
        "environment" => format!("environment:{}", part(fields, "name", errors)),
        "pull_request" => place.to_owned(),
        _ => {
            errors.add("place", "choose which of its runs");
            String::new()
        }
    };
    format!("repo:{repository}:{what}")
}

/// `project_path:GROUP/PROJECT:ref_type:…:ref:…`, and the project's number.
fn gitlab(
    fields: &Fields,
    claims: &mut BTreeMap<String, String>,
    errors: &mut FieldErrors,
) -> String {
    let project = path(fields, "project", errors);
    number(fields, "project_id", claims, errors);
    let kind = fields.text("place");
    if !matches!(kind, "branch" | "tag") {
        errors.add("place", "choose which of its jobs");
    }
    let name = part(fields, "name", errors);
    format!("project_path:{project}:ref_type:{kind}:ref:{name}")
}

/// One part of a subject: never empty, and without what would end it.
fn part(fields: &Fields, name: &str, errors: &mut FieldErrors) -> String {
    let text = fields.text(name);
    if text.is_empty() {
        errors.add(name, &format!("enter the {}", called(name)));
    } else if text.contains(':') || text.contains(char::is_whitespace) {
        errors.add(name, "without colons and spaces");
    }
    text.to_owned()
}

/// What people call a field.
fn called(name: &str) -> &str {
    match name {
        "name" => "name of the branch, tag or environment",
        "account" => "service account",
        other => other,
    }
}

/// A part that is a path of at least two names.
fn path(fields: &Fields, name: &str, errors: &mut FieldErrors) -> String {
    let text = part(fields, name, errors);
    let whole = text.split('/').count() >= 2 && text.split('/').all(|one| !one.is_empty());
    if !text.is_empty() && !whole {
        errors.add(name, &format!("write the {name} as acme/shop"));
    }
    text
}

/// A number that a claim must have, if it is given.
fn number(
    fields: &Fields,
    name: &str,
    claims: &mut BTreeMap<String, String>,
    errors: &mut FieldErrors,
) {
    let text = fields.text(name);
    if text.is_empty() {
        return;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        claims.insert(name.to_owned(), text.to_owned());
    } else {
        errors.add(name, "a number, such as 74");
    }
}

/// Claims as they are typed: `name=value`, one a line.
fn lines(text: &str, errors: &mut FieldErrors) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut claims = BTreeMap::new();
    for line in lines {
        match line.split_once('=') {
            Some((name, value)) if !name.trim().is_empty() => {
                claims.insert(name.trim().to_owned(), value.trim().to_owned());
            }
            Some(_) | None => {
                errors.add("claims", "one claim a line, such as environment=production");
            }
        }
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(platform: Platform, form: &str) -> Result<FederationInput, Vec<String>> {
        let usual = "issuer=https://idp.example.com&audience=https://as.example.com";
        let fields = Fields::parse(&format!("{form}&{usual}")).unwrap();
        let errors = |errors: FieldErrors| {
            let fields = errors.iter().map(|(field, _)| field.to_owned());
            fields.collect::<Vec<_>>()
        };
        platform.trust(&fields).map_err(errors)
    }

    /// CF-06, CF-08
    #[test]
    #[expect(clippy::too_many_lines, reason = "a list is as long as it is")]
    fn what_is_known_of_a_workload_becomes_the_subject_of_its_platform() {
        for (platform, form, subject, claims) in [
            (
                Platform::GitHub,
                "repository=acme/shop&repository_id=74&place=branch&name=main",
                "repo:acme/shop:ref:refs/heads/main",
                "repository_id=74",
            ),
            (
                Platform::GitHub,
                "repository=acme/shop&place=tag&name=v*",
                "repo:acme/shop:ref:refs/tags/v*",
                "",
            ),
            (
                Platform::GitHub,
                "repository=acme/shop&place=environment&name=production",
                "repo:acme/shop:environment:production",
                "",
            ),
            (
                Platform::GitHub,
                "repository=acme/shop&place=pull_request",
                "repo:acme/shop:pull_request",
                "",
            ),
            (
                Platform::GitHub,
                "repository=acme@12/shop@74&place=branch&name=main",
                "repo:acme@12/shop@74:ref:refs/heads/main",
                "",
            ),
            (
                Platform::GitHub,
                "repository=acme@12/shop@74&place=environment&name=production",
                "repo:acme@12/shop@74:environment:production",
                "",
            ),
            (
                Platform::GitLab,
                "project=acme/tools/shop&project_id=9&place=branch&name=main",
                "project_path:acme/tools/shop:ref_type:branch:ref:main",
                "project_id=9",
            ),
            (
                Platform::Kubernetes,
                "namespace=shop&account=reports",
                "system:serviceaccount:shop:reports",
                "",
            ),
            (
                Platform::Spiffe,
                "subject=spiffe://acme.example/shop",
                "spiffe://acme.example/shop",
                "",
            ),
            (
                Platform::Other,
                "subject=me&claims=team%3Dshop%0A",
                "me",
                "team=shop",
            ),
        ] {
            let trust = trust(platform, form).unwrap();
            assert_eq!(trust.subject, subject);
            let found = trust
                .claims
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            assert_eq!(found.collect::<Vec<_>>().join(" "), claims, "{form}");
        }
    }

    #[test]
    fn nothing_that_an_operator_types_makes_the_subject_of_something_else() {
        for (platform, form, fields) in [
            (Platform::GitHub, "", &["name", "place", "repository"][..]),
            (
                Platform::GitHub,
                "repository=acme&place=branch&name=main",
                &["repository"],
            ),
            (
                Platform::GitHub,
                "repository=acme/shop:ref:refs/heads/x&place=branch&name=main",
                &["repository"],
            ),
            (
                Platform::GitHub,
                "repository=acme/shop&repository_id=x&place=branch&name=a+b",
                &["name", "repository_id"],
            ),
            (
                Platform::GitLab,
                "project=acme/&place=any&name=main",
                &["place", "project"],
            ),
            (
                Platform::Kubernetes,
                "namespace=a:b",
                &["account", "namespace"],
            ),
            (Platform::Spiffe, "subject=acme", &["subject"]),
            (Platform::Other, "claims=team", &["claims", "subject"]),
            (
                Platform::GitLab,
                "project=acme&issuer=&audience=&max_age=soon&place=tag&name=v*",
                &["audience", "issuer", "max_age", "project"],
            ),
        ] {
            let mut found = trust(platform, form).unwrap_err();
            found.sort();
            found.dedup();
            let wanted: Vec<_> = fields
                .iter()
                .filter(|it| found.contains(&(**it).to_owned()))
                .collect();
            assert_eq!(found.len(), wanted.len(), "{form}: {found:?}");
        }
    }
}
