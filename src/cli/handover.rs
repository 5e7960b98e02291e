//! `jeton handover`: one-time links by which a developer, who is no operator, takes a new secret.

mod words;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::{
    desk::{Desk, object, path},
    failure::Failure,
    secret::{IfUsed, in_flags},
};

/// Give a developer a new secret by a link that works once.
///
/// No secret waits anywhere: it is made when the developer presses the button behind the link, and
/// shown to nobody else. If the client has a secret, a rotation begins then.
#[derive(Debug, Subcommand)]
#[command(after_help = STORY)]
pub(crate) enum HandoverCommand {
    /// Make a link. It works once, for 24 hours.
    #[command(after_help = "\
Examples:
  jeton handover offer report-service
  jeton handover offer report-service --overlap 7d --note '1Password / Data team'")]
    Offer(Offer),
    /// Show a client's links of the last 30 days, and what became of them.
    #[command(after_help = "Example:\n  jeton handover list report-service")]
    List(Named),
    /// Void a link that nobody has followed.
    #[command(
        after_help = "Example:\n  jeton handover withdraw report-service ho_4c2q7dkx3bnm5htr"
    )]
    Withdraw(Withdraw),
}

const STORY: &str = "\
A secret that no operator sees:
  jeton client create 'Report Service' --without-secret
  jeton handover offer report-service-7kq2d4    prints the link; send it to the developer
  jeton handover list report-service-7kq2d4     says when it was taken, and from where";

/// What the link gives.
#[derive(Args, Debug)]
pub(crate) struct Offer {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// How long the old secret keeps working once the new one is taken: 1h, 24h, 7d, up to 30d; 0
    /// stops it then. As the settings say, if not given.
    #[arg(long, value_name = "SPAN")]
    overlap: Option<String>,
    /// What happens to the old secret if it is still in use when its time is up.
    #[arg(long, value_name = "ACT", default_value = "hold")]
    if_used: IfUsed,
    /// How long the new secret lives. As the settings say, if not given.
    #[arg(long, value_name = "SPAN")]
    expires_in: Option<String>,
    /// Where the new secret will be kept, as a note for people.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// How the client uses the new secret. As the one that it replaces, if not given; to be given if what it
    /// replaces is a key or a certificate.
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<SecretMethod>,
}

/// How a client authenticates with a secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum SecretMethod {
    /// It sends its secret.
    ClientSecret,
    /// It signs with its secret, which Jeton then keeps readable, sealed.
    ClientSecretJwt,
}

/// Which client.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
}

/// Which link.
#[derive(Args, Debug)]
pub(crate) struct Withdraw {
    /// The client's id.
    #[arg(value_name = "ID")]
    id: String,
    /// The link's id, as `handover list` shows it.
    handover: String,
}

impl HandoverCommand {
    /// Carries the command out.
    pub(crate) async fn run(self, desk: &Desk) -> Result<(), Failure> {
        match self {
            Self::Offer(offer) => offer.run(desk).await,
            Self::List(Named { id }) => {
                let all = desk.get(&path(["clients", &id, "handovers"])).await?;
                desk.answer(&all, |pen, list| words::list(pen, &id, list))
            }
            Self::Withdraw(Withdraw { id, handover }) => {
                let path = path(["clients", &id, "handovers", &handover, "withdraw"]);
                let gone = desk.post(&path, json!({})).await?;
                desk.answer(&gone, words::withdrawn)
            }
        }
    }
}

impl Offer {
    async fn run(self, desk: &Desk) -> Result<(), Failure> {
        let signs = self
            .auth_method
            .map(|it| it == SecretMethod::ClientSecretJwt);
        let body = object([
            ("overlap", self.overlap.map(|span| json!(span))),
            ("if_used", Some(json!(self.if_used.word()))),
            ("expires_in", self.expires_in.map(|span| json!(span))),
            ("note", self.note.map(|note| json!(note))),
            ("signs", signs.map(|signs| json!(signs))),
        ]);
        let path = path(["clients", &self.id, "handovers"]);
        let made = desk.post(&path, body).await;
        let made = made.map_err(|failure| in_flags(failure, ""))?;
        desk.answer(&made, words::offered)
    }
}
