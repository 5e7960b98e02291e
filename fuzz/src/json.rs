//! What JSON says, looked at by other means than the server's.

use serde_json::Value;

/// The members of a JWK that only its owner may have (RFC 7518 §6).
pub const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// Whether an object anywhere in `value` has a member of one of these names.
pub fn has_member(value: &Value, names: &[&str]) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| has_member(item, names)),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| names.contains(&name.as_str()) || has_member(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The names that stand twice or more in the outermost object in `text`; nothing if it is no object.
pub fn twins(text: &[u8]) -> Option<Vec<String>> {
    struct Names;

    impl<'de> serde::de::Visitor<'de> for Names {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let (mut once, mut twice) = (Vec::new(), Vec::new());
            while let Some((name, _)) = map.next_entry::<String, Value>()? {
                let names = if once.contains(&name) {
                    &mut twice
                } else {
                    &mut once
                };
                names.push(name);
            }
            Ok(twice)
        }
    }

    let mut reader = serde_json::Deserializer::from_slice(text);
    let twice = serde::de::Deserializer::deserialize_map(&mut reader, Names).ok()?;
    reader.end().ok().map(|()| twice)
}

/// Whether two values are the same, but for what a number with a fraction loses when it is written and read once more:
/// its last bit, as `serde_json` reads.
pub fn nearly(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (
                one.as_f64().unwrap_or_default(),
                other.as_f64().unwrap_or_default(),
            );
            (one - other).abs() <= one.abs() * 4.0 * f64::EPSILON
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| nearly(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |name: &String, value| other.get(name).is_some_and(|it| nearly(value, it));
            one.len() == other.len() && one.iter().all(|(name, value)| same(name, value))
        }
        _ => one == other,
    }
}
