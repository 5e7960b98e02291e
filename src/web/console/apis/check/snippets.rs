//! Middleware that checks tokens, with this server's and this API's names in it.

/// What an API must ask of a token.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// `iss`.
    pub(super) issuer: String,
    /// Where the public keys are.
    pub(super) keys: String,
    /// `aud`.
    pub(super) audience: String,
    /// `alg`.
    pub(super) algorithm: &'static str,
    /// Whether the key is one that only this server and the API have.
    pub(super) is_shared: bool,
    /// A scope of this API, for examples.
    pub(super) scope: String,
}

/// A piece of code to copy.
#[derive(Clone, Debug)]
pub(super) struct Snippet {
    /// For its element.
    pub(super) id: &'static str,
    /// The language, and the library.
    pub(super) label: &'static str,
    /// The code.
    pub(super) text: String,
}

impl Expected {
    /// One for each language.
    pub(super) fn snippets(&self) -> Vec<Snippet> {
        [
            ("node", "Node.js with jose", self.node()),
            ("python", "Python with PyJWT", self.python()),
            ("go", "Go", self.go()),
            ("rust", "Rust with jsonwebtoken", self.rust()),
        ]
        .into_iter()
        .map(|(id, label, text)| Snippet {
            id,
            label,
            text: self.filled(text),
        })
        .collect()
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{issuer}", &self.issuer)
            .replace("{keys}", &self.keys)
            .replace("{audience}", &self.audience)
            .replace("{algorithm}", self.algorithm)
            .replace("{scope}", &self.scope)
    }

    fn node(&self) -> &'static str {
        if self.is_shared {
            r#"import { jwtVerify } from "jose";

const key = Buffer.from(process.env.JETON_SHARED_KEY, "base64url");

export async function check(token, scope) {       // scope: "{scope}"
  const { payload } = await jwtVerify(token, key, {
    issuer: "{issuer}", audience: "{audience}",
    algorithms: ["{algorithm}"], typ: "at+jwt", requiredClaims: ["exp", "client_id"],
  });
  if (!payload.scope.split(" ").includes(scope)) throw new Error("insufficient_scope");
  return payload;                                  // payload.client_id says who calls
}"#
        } else {
            r#"import { createRemoteJWKSet, jwtVerify } from "jose";

const keys = createRemoteJWKSet(new URL("{keys}"));

export async function check(token, scope) {       // scope: "{scope}"
  const { payload } = await jwtVerify(token, keys, {
    issuer: "{issuer}", audience: "{audience}",
    algorithms: ["{algorithm}"], typ: "at+jwt", requiredClaims: ["exp", "client_id"],
  });
  if (!payload.scope.split(" ").includes(scope)) throw new Error("insufficient_scope");
  return payload;                                  // payload.client_id says who calls
}"#
        }
    }

    fn python(&self) -> &'static str {
        if self.is_shared {
            r#"import os, jwt
from jwt.utils import base64url_decode

KEY = base64url_decode(os.environ["JETON_SHARED_KEY"])

def check(token: str, scope: str) -> dict:        # scope: "{scope}"
    found = jwt.decode_complete(token, KEY, algorithms=["{algorithm}"],
        issuer="{issuer}", audience="{audience}",
        options={"require": ["exp", "client_id"]})
    if found["header"].get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("no access token")
    if scope not in found["payload"]["scope"].split():
        raise PermissionError("insufficient_scope")
    return found["payload"]                       # ["client_id"] says who calls"#
        } else {
            r#"import jwt                                         # pip install "pyjwt[crypto]"

KEYS = jwt.PyJWKClient("{keys}")

def check(token: str, scope: str) -> dict:        # scope: "{scope}"
    found = jwt.decode_complete(token, KEYS.get_signing_key_from_jwt(token),
        algorithms=["{algorithm}"], issuer="{issuer}", audience="{audience}",
        options={"require": ["exp", "client_id"]})
    if found["header"].get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("no access token")
    if scope not in found["payload"]["scope"].split():
        raise PermissionError("insufficient_scope")
    return found["payload"]                       # ["client_id"] says who calls"#
        }
    }

    fn go(&self) -> &'static str {
        if self.is_shared {
            r#"import "github.com/golang-jwt/jwt/v5"

var key, _ = base64.RawURLEncoding.DecodeString(os.Getenv("JETON_SHARED_KEY"))

func check(token, scope string) (jwt.MapClaims, error) { // scope: "{scope}"
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"{algorithm}"}), jwt.WithExpirationRequired(),
		jwt.WithIssuer("{issuer}"), jwt.WithAudience("{audience}"))
	if err != nil {
		return nil, err
	}
	granted, _ := claims["scope"].(string)
	if !slices.Contains(strings.Fields(granted), scope) {
		return nil, errors.New("insufficient_scope")
	}
	return claims, nil // claims["client_id"] says who calls
}"#
        } else {
            r#"import "github.com/coreos/go-oidc/v3/oidc"

// Once, at start: finds the keys through {issuer}/.well-known/openid-configuration
provider, err := oidc.NewProvider(ctx, "{issuer}")
verifier := provider.Verifier(&oidc.Config{
	ClientID:             "{audience}", // what go-oidc calls the audience
	SupportedSigningAlgs: []string{"{algorithm}"},
})

func check(ctx context.Context, token, scope string) (string, error) { // scope: "{scope}"
	verified, err := verifier.Verify(ctx, token)
	if err != nil {
		return "", err
	}
	var claims struct {
		ClientID string `json:"client_id"`
		Scope    string `json:"scope"`
	}
	if err := verified.Claims(&claims); err != nil {
		return "", err
	}
	if !slices.Contains(strings.Fields(claims.Scope), scope) {
		return "", errors.New("insufficient_scope")
	}
	return claims.ClientID, nil // who calls
}"#
        }
    }

    fn rust(&self) -> &'static str {
        if self.is_shared {
            r#"use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

#[derive(serde::Deserialize)]
struct Claims { client_id: String, scope: String }

fn check(token: &str, scope: &str) -> anyhow::Result<Claims> { // scope: "{scope}"
    let key = base64::Engine::decode(&URL_SAFE_NO_PAD, std::env::var("JETON_SHARED_KEY")?)?;
    let mut expected = Validation::new(Algorithm::HS256);
    expected.set_issuer(&["{issuer}"]);
    expected.set_audience(&["{audience}"]);
    let claims = decode::<Claims>(token, &DecodingKey::from_secret(&key), &expected)?.claims;
    anyhow::ensure!(claims.scope.split(' ').any(|it| it == scope), "insufficient_scope");
    Ok(claims) // claims.client_id says who calls
}"#
        } else {
            r#"use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};

#[derive(serde::Deserialize)]
struct Claims { client_id: String, scope: String }

// keys: the JSON of {keys}, fetched at start, every five minutes,
// and when a token names a kid that is not among them.
fn check(keys: &JwkSet, token: &str, scope: &str) -> anyhow::Result<Claims> { // scope: "{scope}"
    let kid = decode_header(token)?.kid.context("no kid")?;
    let key = DecodingKey::from_jwk(keys.find(&kid).context("unknown key")?)?;
    let mut expected = Validation::new("{algorithm}".parse()?);
    expected.set_issuer(&["{issuer}"]);
    expected.set_audience(&["{audience}"]);
    let claims = decode::<Claims>(token, &key, &expected)?.claims;
    anyhow::ensure!(claims.scope.split(' ').any(|it| it == scope), "insufficient_scope");
    Ok(claims) // claims.client_id says who calls
}"#
        }
    }
}
