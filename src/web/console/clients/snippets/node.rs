//! Programs in JavaScript that leave signing to openid-client: an assertion (RFC 7523 §2.2), or a proof of the
//! key that the token is bound to (RFC 9449).

use super::{Asked, literal};

/// What they need.
pub(super) const NEEDS: &str =
    "18 or later, with the package openid-client, as a module: token.mjs.";

/// How a program proves who it is.
pub(super) struct Way<'a> {
    /// What it imports beside: whole lines.
    pub(super) imports: &'a str,
    /// What it reads from the environment beside the client's id.
    pub(super) variable: &'a str,
    /// What it makes of that: whole lines.
    pub(super) reads: &'a str,
    /// How openid-client is told.
    pub(super) auth: &'a str,
}

/// Asks as `way` says, with a proof where there must be one.
pub(super) fn program(asked: &Asked, way: &Way<'_>) -> String {
    let members = asked.members([", ", ": ", ""]);
    let asks = match members.strip_prefix(", ") {
        Some(members) => format!("{{ {members} }}"),
        None => "{}".to_owned(),
    };
    let (proof, with_proof) = if asked.is_bound {
        (PROOF, ", { DPoP }")
    } else {
        ("", "")
    };
    let in_the_clear = if asked.issuer.starts_with("http://") {
        ", execute: [client.allowInsecureRequests]"
    } else {
        ""
    };
    let Way {
        imports,
        variable,
        reads,
        auth,
    } = way;
    format!(
        r#"{imports}import * as client from "openid-client";

const {{ JETON_ID, {variable} }} = process.env;
{reads}const server = await client.discovery(
  new URL({issuer}),
  JETON_ID,
  undefined,
  {auth},
  {{ algorithm: "oauth2"{in_the_clear} }},
);
{proof}const answer = await client.clientCredentialsGrant(server, {asks}{with_proof});
console.log(answer.access_token); // keep it until expires_in - 60 s"#,
        issuer = literal(&asked.issuer),
    )
}

const PROOF: &str = r#"// The token is bound to this key: keep both, and prove it to the API with the same handle.
const DPoP = client.getDPoPHandle(server, await client.randomDPoPKeyPair("ES256"));
"#;
