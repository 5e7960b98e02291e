//! JSON that others wrote, read strictly: bounded in depth, no name twice in an object (RFC 8259 §4).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// A text is no JSON, nests too deep, or says something twice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Unfit;

/// Reads all of `text`, in which arrays and objects lie at most `deepest` levels within each other.
pub fn read_strictly(text: &str, deepest: usize) -> Result<Value, Unfit> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Within(deepest).deserialize(&mut reader);
    let value = value.map_err(|_| Unfit)?;
    reader.end().map_err(|_| Unfit)?;
    Ok(value)
}

/// A value in which so many levels may follow.
#[derive(Clone, Copy)]
struct Within(usize);

impl Within {
    fn below<E: Error>(self) -> Result<Self, E> {
        let below = self.0.checked_sub(1);
        below.map(Self).ok_or_else(|| E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Within {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without repeated names")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).map(Value::Number);
        number.ok_or_else(|| E::custom("not a number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(below)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(below)?;
            if members.insert(name, value).is_some() {
                return Err(Error::custom("a name stands twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_twice_is_refused_however_deep_it_is_and_however_it_is_written() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"[{"b":{"a":1,"a":2}}]"#,
            r#"{"a":1,"\u0061":2}"#,
        ] {
            assert_eq!(read_strictly(text, 8), Err(Unfit), "{text}");
        }
        let values = r#"[null,true,false,-1,18446744073709551615,0.5,"a",{}]"#;
        let read = read_strictly(values, 8).unwrap();
        assert_eq!(read, serde_json::from_str::<Value>(values).unwrap());
        let apart = r#"[{"a":1},{"a":{"a":2}}]"#;
        assert!(read_strictly(apart, 8).is_ok());
    }

    #[test]
    fn nothing_nests_deeper_than_it_may() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read_strictly(&nested(8), 8).is_ok());
        assert_eq!(read_strictly(&nested(9), 8), Err(Unfit));
        assert_eq!(read_strictly(&nested(100_000), 8), Err(Unfit));
        assert_eq!(read_strictly(r#"{"a":{"a":[]}}"#, 2), Err(Unfit));
    }

    #[test]
    fn all_of_the_text_is_one_value() {
        for text in [
            "",
            "[1] 2",
            "[1,]",
            "{'a':1}",
            "NaN",
            "[1e999]",
            "\u{feff}[]",
        ] {
            assert_eq!(read_strictly(text, 8), Err(Unfit), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_others_read(text in "[\\[\\]{}:,\"a-c0-9.e \\-]{0,40}") {
            if let Ok(value) = read_strictly(&text, 8) {
                prop_assert_eq!(Some(value), serde_json::from_str(&text).ok());
            }
        }
    }
}
