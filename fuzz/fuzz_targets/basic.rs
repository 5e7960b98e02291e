//! F2: `Authorization: Basic`. Whoever claims to ask is who a slow reader finds, in the same order.

#![no_main]

use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use jeton::oauth::{
    credentials::{Credentials, Header, Unusable},
    params::Params,
    reason::Reason,
};
use jeton_fuzz::{bytes::Bytes, form::decode};

/// Ids and secrets.
type Claims = Vec<(String, String)>;

/// Takes every spelling there is.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

jeton_fuzz::target!(|data| {
    let mut bytes = Bytes::new(data);
    let client_id = match bytes.below(3) {
        0 => String::new(),
        1 => "client".to_owned(),
        _ => bytes.text(),
    };
    let header = match bytes.below(3) {
        0 => [b"Basic ", STANDARD.encode(bytes.rest()).as_bytes()].concat(),
        1 => [b"Basic ", bytes.rest()].concat(),
        _ => bytes.rest().to_owned(),
    };
    let body = format!("client_id={}", jeton_fuzz::form::encode(&client_id));
    let Ok(mut params) = Params::parse(body.as_bytes()) else {
        return;
    };
    let also = params.client_id.as_deref().map(str::to_owned);
    let fast = match Credentials::read(Header::One(&header), &mut params) {
        Ok(Credentials::Basic(basic)) => Ok(basic
            .claims()
            .map(|it| (it.id.into_owned(), it.secret.reveal().to_owned()))
            .collect::<Claims>()),
        Ok(Credentials::Unusable(why)) => Err(Some(why)),
        Err(Reason::ClientIdMismatch) => Err(None),
        _ => panic!("a header is no other mechanism"),
    };
    assert_eq!(fast, slow(&header, also.as_deref()));
});

fn slow(header: &[u8], also: Option<&str>) -> Result<Claims, Option<Unusable>> {
    let end = header.iter().position(|byte| *byte == b' ');
    let (scheme, token) = header.split_at(end.unwrap_or(header.len()));
    if scheme.to_ascii_lowercase() != b"basic" {
        return Err(Some(Unusable::Scheme));
    }
    let pair = pair(token).ok_or(Some(Unusable::Malformed))?;
    let mut claims = Claims::new();
    let (id, secret) = (decode(pair.0.as_bytes()), decode(pair.1.as_bytes()));
    claims.extend(id.zip(secret));
    if pair.0.contains(['%', '+']) || pair.1.contains(['%', '+']) {
        claims.push(pair);
    }
    claims.retain(|(id, _)| also.is_none_or(|also| also == id));
    if claims.is_empty() {
        Err(None)
    } else {
        Ok(claims)
    }
}

/// What stands before and after the first colon.
fn pair(token: &[u8]) -> Option<(String, String)> {
    let start = token.iter().position(|byte| !byte.is_ascii_whitespace());
    let token = std::str::from_utf8(&token[start.unwrap_or(token.len())..]).ok()?;
    let decoded = LENIENT.decode(token).ok()?;
    if token.len() > 8192 || STANDARD.encode(&decoded) != token {
        return None;
    }
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
