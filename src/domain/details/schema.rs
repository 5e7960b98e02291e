//! JSON Schemas (draft 2020-12), compiled once: when they are written down or read from the store.
//!
//! A schema stands for itself: nothing is ever fetched, neither from the network nor from a file. What it says
//! nothing about is refused, but for the member `type` (RFC 9396 §5): a schema that lets anything through says
//! so with `additionalProperties`.

use std::{fmt, sync::Arc};

use boon::{CompileError, Compiler, SchemaIndex, Schemas, UrlLoader};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::domain::claims::depth;

/// How long a schema may be, in bytes of JSON.
const LONGEST: usize = 16 * 1024;

/// How deep a schema may nest.
const DEEPEST: usize = 32;

/// How long a pattern may be, in bytes: the time to make it ready grows with the square of that.
const LONGEST_PATTERN: usize = 512;

/// How many patterns there may be: each may take some megabytes.
const MOST_PATTERNS: usize = 32;

/// The only dialect.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What the schema is called while it is compiled.
const OWN: &str = "urn:jeton:details:own";

/// What the schema that is checked against is called: the own one, and nothing that it does not speak of.
const CLOSED: &str = "urn:jeton:details:closed";

/// The form that authorization details of one type have. Cheap to clone.
#[derive(Clone, Deserialize, Serialize)]
#[serde(into = "Value", try_from = "Value")]
pub struct Schema {
    source: Arc<Value>,
    compiled: Arc<Compiled>,
}

struct Compiled {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Schema {
    /// Reads and compiles the text of a schema.
    ///
    /// # Errors
    /// As [`Schema::new`], and if the text is no JSON.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        if text.len() > 2 * LONGEST {
            return Err(SchemaError::TooLong);
        }
        let source = serde_json::from_str(text).map_err(|_| SchemaError::NoObject)?;
        Self::new(source)
    }

    /// Compiles a schema that somebody wrote.
    ///
    /// # Errors
    /// It is no object, too long, too deep, of another draft, or no valid schema; it refers to what is elsewhere; its
    /// patterns are too long or too many, or it lets others write some.
    pub fn new(source: Value) -> Result<Self, SchemaError> {
        if depth(&source) > DEEPEST {
            return Err(SchemaError::TooDeep);
        }
        check_patterns(&source, &mut 0)?;
        Self::kept(source)
    }

    /// Compiles a schema that was taken before.
    fn kept(source: Value) -> Result<Self, SchemaError> {
        let Some(members) = source.as_object() else {
            return Err(SchemaError::NoObject);
        };
        if source.to_string().len() > LONGEST {
            return Err(SchemaError::TooLong);
        }
        if depth(&source) > DEEPEST {
            return Err(SchemaError::TooDeep);
        }
        let dialect = members.get("$schema").map(Value::as_str);
        if dialect.is_some_and(|draft| draft.map(|it| it.trim_end_matches('#')) != Some(DRAFT)) {
            return Err(SchemaError::Draft);
        }
        // Under another name than that which it was added with, it would be looked for elsewhere.
        if members.contains_key("$id") {
            return Err(SchemaError::Named);
        }
        let compiled = compile(source.clone()).map_err(|error| complaint(&error))?;
        Ok(Self {
            source: Arc::new(source),
            compiled: Arc::new(compiled),
        })
    }

    /// As it was written.
    pub fn to_json(&self) -> &Value {
        &self.source
    }

    /// Whether `details` have this form, and nothing besides.
    pub fn admits(&self, details: &Value) -> bool {
        let Compiled { schemas, index } = &*self.compiled;
        schemas.validate(details, *index).is_ok()
    }
}

fn compile(source: Value) -> Result<Compiled, Box<CompileError>> {
    let closed = json!({
        "$schema": DRAFT,
        "$ref": OWN,
        "type": "object",
        "properties": { "type": { "type": "string" } },
        "required": ["type"],
        "unevaluatedProperties": false,
    });
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(Nowhere));
    compiler.enable_format_assertions();
    compiler.add_resource(OWN, source)?;
    compiler.add_resource(CLOSED, closed)?;
    let mut schemas = Schemas::new();
    let index = compiler.compile(CLOSED, &mut schemas)?;
    Ok(Compiled { schemas, index })
}

/// Refuses patterns that would keep the server busy. A reference to the schema of schemas, or the format `regex`, would have
/// callers write their own.
fn check_patterns(schema: &Value, patterns: &mut usize) -> Result<(), SchemaError> {
    let Some(members) = schema.as_object() else {
        let items = schema.as_array().into_iter().flatten();
        return { items }.try_for_each(|item| check_patterns(item, patterns));
    };
    for (name, member) in members {
        match (name.as_str(), member) {
            ("$ref" | "$dynamicRef", Value::String(to)) if !to.starts_with('#') => {
                return Err(SchemaError::Elsewhere);
            }
            ("format", Value::String(format)) if format == "regex" => {
                return Err(SchemaError::Regex);
            }
            ("pattern", Value::String(pattern)) => check_pattern(pattern, patterns)?,
            ("patternProperties", Value::Object(all)) => {
                all.keys().try_for_each(|it| check_pattern(it, patterns))?;
            }
            _ => {}
        }
        check_patterns(member, patterns)?;
    }
    Ok(())
}

fn check_pattern(pattern: &str, patterns: &mut usize) -> Result<(), SchemaError> {
    *patterns += 1;
    if pattern.len() > LONGEST_PATTERN {
        return Err(SchemaError::LongPattern);
    }
    if *patterns > MOST_PATTERNS {
        return Err(SchemaError::ManyPatterns);
    }
    Ok(())
}

/// Finds nothing: a schema stands for itself.
struct Nowhere;

impl UrlLoader for Nowhere {
    fn load(&self, _: &str) -> Result<Value, Box<dyn std::error::Error>> {
        Err(SchemaError::Elsewhere.into())
    }
}

/// What is wrong, in one line.
fn complaint(error: &CompileError) -> SchemaError {
    if matches!(
        error,
        CompileError::LoadUrlError { .. } | CompileError::ParseUrlError { .. }
    ) {
        return SchemaError::Elsewhere;
    }
    let text = if let CompileError::ValidationError { src, .. } = error {
        src.to_string()
    } else {
        error.to_string()
    };
    let last = text.lines().last().unwrap_or_default();
    let last = last.trim().trim_start_matches("- ").replace(OWN, "");
    SchemaError::Invalid(last.chars().take(200).collect())
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_source(f)
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_source(f)
    }
}

impl Schema {
    fn fmt_source(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl TryFrom<Value> for Schema {
    type Error = SchemaError;

    fn try_from(source: Value) -> Result<Self, SchemaError> {
        Self::kept(source)
    }
}

impl From<Schema> for Value {
    fn from(schema: Schema) -> Self {
        Value::clone(&schema.source)
    }
}

/// Why a schema is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SchemaError {
    /// No object of JSON.
    #[error("write the schema as one JSON object")]
    NoObject,
    /// More bytes than any schema needs.
    #[error("the schema has more than {LONGEST} bytes of JSON")]
    TooLong,
    /// Nests deeper than any schema needs.
    #[error("the schema nests more than {DEEPEST} levels deep")]
    TooDeep,
    /// Another draft.
    #[error("the only $schema is {DRAFT}")]
    Draft,
    /// It has a name of its own.
    #[error(
        "leave $id out: a schema stands for itself here, and refers to its own parts with #/$defs/…"
    )]
    Named,
    /// It refers to another document.
    #[error(
        "the schema refers to another one; only $ref to its own parts, as #/$defs/…, is followed"
    )]
    Elsewhere,
    /// A pattern is longer than any needs to be.
    #[error("a pattern has more than {LONGEST_PATTERN} bytes")]
    LongPattern,
    /// There are more patterns than any schema needs.
    #[error("the schema has more than {MOST_PATTERNS} patterns")]
    ManyPatterns,
    /// Callers would write patterns.
    #[error("leave the format regex out: no caller may write patterns")]
    Regex,
    /// It is no valid schema.
    #[error("this is no valid schema: {0}")]
    Invalid(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment() -> Schema {
        Schema::parse(
            r##"{"properties":{"type":{"const":"payment"},"amount":{"$ref":"#/$defs/amount"},
                "actions":{"type":"array","items":{"enum":["initiate","status"]}}},
                "required":["amount"],
                "$defs":{"amount":{"type":"object","properties":{"value":{"type":"integer","minimum":1}},
                "required":["value"],"additionalProperties":false}}}"##,
        )
        .unwrap()
    }

    #[test]
    fn a_schema_is_itself_however_it_is_laid_out_and_no_other() {
        assert_eq!(payment(), payment());
        assert_ne!(payment(), Schema::parse("{}").unwrap());
        let padded = |length: usize| Schema::parse(&format!("{:<length$}", "{}"));
        assert_eq!(padded(32_768), Schema::parse("{}"));
        assert_eq!(padded(32_769), Err(SchemaError::TooLong));
    }

    #[test]
    fn a_pattern_that_is_none_is_told() {
        for (pattern, problem) in [
            (r"\\pr", "Unicode property not found"),
            ("(", "unclosed group"),
        ] {
            let refused = Schema::parse(&format!(r#"{{"pattern":"{pattern}"}}"#)).unwrap_err();
            let SchemaError::Invalid(said) = &refused else {
                panic!("{refused:?}");
            };
            assert!(said.contains(problem), "{said}");
        }
    }

    #[test]
    fn patterns_are_few_and_short() {
        let of_length = |bytes: usize| json!({ "pattern": "a".repeat(bytes) });
        let nested = |schema: Value| json!({ "properties": { "a": { "anyOf": [schema] } } });
        assert!(Schema::new(nested(of_length(512))).is_ok());
        let refused = Schema::new(nested(of_length(513)));
        assert_eq!(refused, Err(SchemaError::LongPattern));
        let named = json!({ "patternProperties": { "a".repeat(513): {} } });
        assert_eq!(Schema::new(named), Err(SchemaError::LongPattern));
        let many = |count: usize| json!({ "anyOf": vec![of_length(1); count] });
        assert!(Schema::new(many(32)).is_ok());
        assert_eq!(Schema::new(many(33)), Err(SchemaError::ManyPatterns));
        // A property may be called so.
        let called = json!({ "properties": { "pattern": { "const": "a".repeat(513) } } });
        assert!(Schema::new(called).is_ok());
        assert!(
            Schema::try_from(of_length(513)).is_ok(),
            "it was taken before"
        );
    }

    #[test]
    fn no_caller_writes_patterns() {
        let regex = json!({ "properties": { "a": { "format": "regex" } } });
        assert_eq!(Schema::new(regex), Err(SchemaError::Regex));
        let schemas = json!({ "properties": { "a": { "$ref": DRAFT } } });
        assert_eq!(Schema::new(schemas), Err(SchemaError::Elsewhere));
        let dynamic = json!({ "$dynamicRef": DRAFT });
        assert_eq!(Schema::new(dynamic), Err(SchemaError::Elsewhere));
    }

    /// RAR-02
    #[test]
    fn details_have_exactly_the_form_that_their_schema_describes() {
        let schema = payment();
        let good = json!({"type": "payment", "amount": {"value": 5}, "actions": ["status"]});
        assert!(schema.admits(&good));
        for bad in [
            json!({"type": "payment"}),
            json!({"type": "other", "amount": {"value": 5}}),
            json!({"type": "payment", "amount": {"value": 0}}),
            json!({"type": "payment", "amount": {"value": "5"}}),
            json!({"type": "payment", "amount": {"value": 5, "more": 1}}),
            json!({"type": "payment", "amount": {"value": 5}, "actions": ["delete"]}),
            json!({"type": "payment", "amount": {"value": 5}, "unknown": true}),
            json!({"amount": {"value": 5}}),
            json!("payment"),
        ] {
            assert!(!schema.admits(&bad), "{bad}");
        }
    }

    #[test]
    fn a_schema_that_lets_anything_through_says_so() {
        let open = Schema::parse(r#"{"additionalProperties":true}"#).unwrap();
        assert!(open.admits(&json!({"type": "t", "any": {"thing": 1}})));
        let silent = Schema::parse("{}").unwrap();
        assert!(silent.admits(&json!({"type": "t"})));
        assert!(!silent.admits(&json!({"type": "t", "any": 1})));
    }

    #[test]
    fn a_schema_stands_for_itself() {
        for elsewhere in [
            r#"{"$ref":"https://example.com/schema.json"}"#,
            r#"{"properties":{"a":{"$ref":"file:///etc/passwd"}}}"#,
            r#"{"$dynamicRef":"http://127.0.0.1/x"}"#,
            r#"{"$ref":"other.json"}"#,
        ] {
            let refused = Schema::parse(elsewhere).unwrap_err();
            assert_eq!(refused, SchemaError::Elsewhere, "{elsewhere}");
        }
        assert_eq!(
            Schema::parse(r#"{"$id":"https://example.com/x"}"#),
            Err(SchemaError::Named)
        );
    }

    #[test]
    fn what_is_no_schema_is_refused_with_what_is_wrong() {
        let draft = r#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#;
        assert_eq!(Schema::parse(draft), Err(SchemaError::Draft));
        assert_eq!(Schema::parse("[]"), Err(SchemaError::NoObject));
        assert_eq!(Schema::parse("{"), Err(SchemaError::NoObject));
        let long = format!("{{\"title\":\"{}\"}}", "x".repeat(LONGEST));
        assert_eq!(Schema::parse(&long), Err(SchemaError::TooLong));
        let deep = format!("{}{{}}{}", "{\"not\":".repeat(40), "}".repeat(40));
        assert_eq!(Schema::parse(&deep), Err(SchemaError::TooDeep));
        for bad in [
            r#"{"type":"objekt"}"#,
            r#"{"properties":[]}"#,
            r#"{"properties":{"a":{"pattern":"("}}}"#,
            r##"{"$ref":"#/$defs/none"}"##,
        ] {
            let Err(SchemaError::Invalid(what)) = Schema::parse(bad) else {
                unreachable!("{bad} is no schema");
            };
            assert!(!what.is_empty() && !what.contains('\n'), "{what}");
        }
    }

    #[test]
    fn a_schema_that_leads_back_to_itself_ends() {
        let round = Schema::parse(r##"{"$ref":"#"}"##).unwrap();
        assert!(!round.admits(&json!({"type": "t"})));
        let tree = r##"{"properties":{"type":true,"child":{"$ref":"#"}}}"##;
        let tree = Schema::parse(tree).unwrap();
        assert!(tree.admits(&json!({"type": "t", "child": {"child": {}}})));
    }
}
