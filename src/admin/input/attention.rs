//! What is written to put off what needs attention.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CHECKED, SpanInput, parse_or_default};
use crate::{
    admin::{
        evidence::attention::{Level, Rule},
        marks::PostponeAttention,
        refusal::FieldErrors,
    },
    domain::{
        id::ClientId,
        time::{Span, Timestamp},
    },
};

/// The shortest and the longest time for which something is put off.
const FOR: (Span, Span) = (Span::minutes(1), Span::days(365));

/// For how long something is put off, and why.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PostponeInput {
    /// For how long: a minute to 365 days; until it is worse, if left out.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasting: Option<SpanInput>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl PostponeInput {
    /// The command at `now`, for what a rule finds at a level, or all that is wrong with it.
    pub fn parse(
        self,
        client: ClientId,
        (rule, level): (Rule, Level),
        now: Timestamp,
    ) -> Result<PostponeAttention, FieldErrors> {
        let mut errors = FieldErrors::default();
        let lasting = match &self.lasting {
            None => Some(None),
            Some(span) => errors.check("for", lasting(span)).map(Some),
        };
        let note = parse_or_default(self.note.as_deref(), "note", &mut errors);
        errors.finish()?;
        Ok(PostponeAttention {
            client,
            rule: rule.name(),
            level: level.number(),
            until: lasting.expect(CHECKED).map(|span| now.plus(span)),
            note,
        })
    }
}

fn lasting(input: &SpanInput) -> Result<Span, String> {
    let span = input.span()?;
    if (FOR.0..=FOR.1).contains(&span) {
        Ok(span)
    } else {
        Err("put it off for a minute to 365 days".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(lasting: &str) -> Result<PostponeAttention, FieldErrors> {
        let input = PostponeInput {
            lasting: (!lasting.is_empty()).then(|| SpanInput::Text(lasting.to_owned())),
            note: None,
        };
        let client = "mailer".parse().unwrap();
        input.parse(client, (Rule::Unused, Level::Notice), Timestamp(60))
    }

    #[test]
    fn what_is_put_off_comes_back_after_a_while_or_when_it_is_worse() {
        assert_eq!(parse("7d").unwrap().until, Some(Timestamp(604_860)));
        assert_eq!(parse("").unwrap().until, None);
        for wrong in ["59s", "366d", "soon"] {
            let errors = parse(wrong).unwrap_err();
            assert_eq!(errors.iter().next().unwrap().0, "for", "{wrong}");
        }
    }
}
