//! Programs that sign with a private key (RFC 7523 §2.2, `private_key_jwt`), and bind the token to a key of their
//! own (RFC 9449) where it must be.

use super::{Asked, Language, node, python};

/// What they read.
pub(super) const READS: &[(&str, &str)] = &[
    ("JETON_ID", "the client ID"),
    ("JETON_KEY", "the file of its private key, PKCS #8 in PEM"),
];

/// Each sends a proof where there must be one.
pub(super) const LANGUAGES: [Language; 2] = [
    ("python", "Python", python::NEEDS, in_python),
    (
        "node",
        "Node.js",
        "18 or later, with the packages openid-client and jose, as a module: token.mjs.",
        in_node,
    ),
];

fn in_python(asked: &Asked) -> String {
    let reads = "with open(os.environ[\"JETON_KEY\"]) as file:\n    key = file.read()\n";
    python::signed(asked, reads, asked.algorithm.as_str())
}

fn in_node(asked: &Asked) -> String {
    let reads = format!(
        "const key = await importPKCS8(readFileSync(JETON_KEY, \"utf8\"), \"{}\");\n",
        asked.algorithm
    );
    let way = node::Way {
        imports: "import { readFileSync } from \"node:fs\";\nimport { importPKCS8 } from \"jose\";\n",
        variable: "JETON_KEY",
        reads: &reads,
        auth: "client.PrivateKeyJwt(key)",
    };
    node::program(asked, &way)
}
