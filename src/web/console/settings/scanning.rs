//! How scanners find a secret that got away, and where to report it.

use askama::Template;
use axum::{body::Body, extract::State, http::Response};

use super::policy::{Entry, Part};
use crate::{
    domain::policy::OnLeak,
    web::console::{
        Console,
        form::Form,
        page::{self, Frame, Here},
        trouble::Trouble,
        visit::Visitor,
    },
};

const PART: Part = Part {
    path: "/settings/scanning",
    fields: &[("on_leak", "A secret that is reported")],
    // Otherwise an unattended session could keep a leaked secret alive.
    is_guarded: true,
    saved: "Saved. It holds for every report from now on.",
};

/// What every secret that this server makes looks like.
pub(super) const PATTERN: &str = r"jtn_[A-Z2-7]{8}_[0-9A-Za-z]{49}";

/// The rule for one scanner.
struct Rule {
    id: &'static str,
    name: &'static str,
    place: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "settings/scanning.html")]
struct ScanningPage {
    frame: Frame,
    tab: &'static str,
    entry: Entry,
    /// Whether a leaked secret is revoked at once.
    is_revoked: bool,
    pattern: &'static str,
    report: String,
    rules: [Rule; 3],
}

impl ScanningPage {
    fn of(console: &Console, frame: Frame, entry: Entry) -> Self {
        let report_url = console.app.issuer().endpoint("/leak-reports");
        Self {
            frame,
            tab: "scanning",
            entry,
            is_revoked: console.app.registry().policy().on_leak == OnLeak::Revoke,
            pattern: PATTERN,
            rules: rules(),
            report: format!("curl -s --data-binary @found-secret.txt {report_url}"),
        }
    }
}

pub(super) async fn show(State(console): State<Console>, visitor: Visitor) -> Response<Body> {
    let frame = visitor.frame(Here::Settings).await;
    let entry = PART.entry(console.app.registry().policy());
    page::ok(&ScanningPage::of(&console, frame, entry))
}

pub(super) async fn save(
    State(console): State<Console>,
    visitor: Visitor,
    form: Form,
) -> Result<Response<Body>, Trouble> {
    let again = |visitor: &Visitor, entry| {
        ScanningPage::of(&console, visitor.plain_frame(Here::Settings), entry)
    };
    PART.save((&console, visitor), form, again).await
}

fn rules() -> [Rule; 3] {
    [
        Rule {
            id: "gitleaks",
            name: "gitleaks",
            place: "In .gitleaks.toml",
            text: format!(
                "[[rules]]\nid = \"jeton-client-secret\"\ndescription = \"Jeton client secret\"\n\
                 regex = '''\\b({PATTERN})\\b'''\nkeywords = [\"jtn_\"]"
            ),
        },
        Rule {
            id: "trufflehog",
            name: "TruffleHog",
            place: "In config.yaml, for --config",
            text: format!(
                "detectors:\n  - name: Jeton client secret\n    keywords:\n      - jtn_\n    \
                 regex:\n      secret: '\\b({PATTERN})\\b'"
            ),
        },
        Rule {
            id: "github",
            name: "GitHub",
            place: "Settings, Code security, Custom patterns, Secret format",
            text: PATTERN.to_owned(),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypto::random::Entropy, domain::secret::PlainSecret};

    #[test]
    fn the_pattern_describes_the_secrets_that_are_made() {
        let secret = PlainSecret::generate(&Entropy::seeded(3));
        let parts: Vec<&str> = secret.reveal().split('_').collect();

        assert_eq!(PATTERN, r"jtn_[A-Z2-7]{8}_[0-9A-Za-z]{49}");
        let [prefix, id, rest] = parts.as_slice() else {
            unreachable!("a secret has three parts");
        };
        assert_eq!(*prefix, "jtn");
        assert!(
            id.len() == 8
                && id
                    .bytes()
                    .all(|it| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".contains(&it))
        );
        assert!(rest.len() == 49 && rest.bytes().all(|it| it.is_ascii_alphanumeric()));
    }
}
