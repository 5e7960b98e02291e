//! Programs that sign with a secret and never send it (RFC 7523 §2.2, `client_secret_jwt`), and bind the token to
//! a key of their own (RFC 9449) where it must be.

use super::{Asked, Language, node, python};

/// Each sends a proof where there must be one.
pub(super) const LANGUAGES: [Language; 2] = [
    ("python", "Python", python::NEEDS, in_python),
    ("node", "Node.js", node::NEEDS, in_node),
];

fn in_python(asked: &Asked) -> String {
    python::signed(asked, "key = os.environ[\"JETON_SECRET\"]\n", "HS256")
}

fn in_node(asked: &Asked) -> String {
    let way = node::Way {
        imports: "",
        variable: "JETON_SECRET",
        reads: "",
        auth: "client.ClientSecretJwt(JETON_SECRET)",
    };
    node::program(asked, &way)
}
