//! `jeton demo`: the Sales Analytics story, set up and ready to be run line by line.

use clap::Args;
use serde_json::json;

use super::{
    data::{Data, FILE_NAME, initialise},
    desk::{Desk, path},
    failure::Failure,
    output::{self, Format},
    pen::Pen,
    program::{program, program_with_data},
};
use crate::{
    config::{Config, Place},
    store::redb::Repair,
};

/// Set up the Sales Analytics story and print the lines that run it.
///
/// A Report Service asks for a token with the scope `read:analytics` and calls the Sales Analytics API
/// with it. What is there already is left as it is. Where there are no data yet, they are made.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  jeton demo")]
pub(crate) struct DemoCommand {}

const API: &str = "https://sales.example.com";
const SCOPE: &str = "read:analytics";
const CLIENT: &str = "report-service";

impl DemoCommand {
    /// Sets the story up and prints it.
    pub(crate) async fn run(self, place: Place, format: Format) -> Result<(), Failure> {
        let config = Config::resolve_place(place)?;
        if config.data.join(FILE_NAME).symlink_metadata().is_err() {
            let data = Data::open_or_make(&config, Repair::Refuse)?;
            let app = data
                .assemble(&config, config.issuer_at(config.listen))
                .await?;
            let ready = initialise(&app).await;
            app.shut_down().await;
            ready?;
        }
        let desk = Desk::open_with(&config, format).await?;
        let story = set_up(&desk).await;
        desk.close().await;
        match format {
            Format::Json => output::print_json(&story?.to_json()),
            Format::Human => {
                let called = (program(), program_with_data(&config));
                output::print(&story?.in_words(&format.pen(), (&called.0, &called.1)));
            }
        }
        Ok(())
    }
}

/// The story, as far as it must be known to run it.
pub(super) struct Story {
    issuer: String,
    client: String,
    /// The client's secret, if it was made just now.
    secret: Option<String>,
    is_served: bool,
}

/// Makes what is missing of the story.
pub(super) async fn set_up(desk: &Desk) -> Result<Story, Failure> {
    let server = desk.get("/server").await?;
    if is_missing(desk, &path(["apis", API])).await? {
        let api = json!({
            "identifier": API,
            "name": "Sales Analytics",
            "description": "What was sold, where and when",
            "scopes": [{ "name": SCOPE, "description": "See the sales figures" }],
        });
        desk.post("/apis", api).await?;
    }
    let (client, secret) = if is_missing(desk, &path(["clients", CLIENT])).await? {
        make_client(desk).await?
    } else {
        (CLIENT.to_owned(), None)
    };
    Ok(Story {
        issuer: server["issuer"].as_str().unwrap_or_default().to_owned(),
        client,
        secret,
        is_served: desk.is_served(),
    })
}

/// Registers the Report Service. The id of one that was removed is never used again, so a second one
/// gets another.
async fn make_client(desk: &Desk) -> Result<(String, Option<String>), Failure> {
    let mut client = json!({
        "name": "Report Service",
        "client_id": CLIENT,
        "description": "Writes the monthly report",
        "grants": [{ "api": API, "scopes": [SCOPE] }],
        "default_scopes": [SCOPE],
    });
    let made = match desk.post("/clients", client.clone()).await {
        Err(failure) if failure.word == "conflict" => {
            let members = client.as_object_mut().expect("it is an object");
            members.remove("client_id");
            desk.post("/clients", client).await?
        }
        made => made?,
    };
    let text = |member: &str| made[member].as_str().map(str::to_owned);
    Ok((text("client_id").unwrap_or_default(), text("client_secret")))
}

async fn is_missing(desk: &Desk, path: &str) -> Result<bool, Failure> {
    match desk.get(path).await {
        Ok(_) => Ok(false),
        Err(failure) if failure.word == "not-found" => Ok(true),
        Err(failure) => Err(failure),
    }
}

impl Story {
    fn to_json(&self) -> serde_json::Value {
        json!({
            "issuer": self.issuer,
            "api": API,
            "scope": SCOPE,
            "client_id": self.client,
            "client_secret": self.secret,
        })
    }

    /// The lines that run it, for a program that is called so, without and with the data directory.
    pub(super) fn in_words(&self, pen: &Pen, (jeton, jeton_there): (&str, &str)) -> String {
        let Self { issuer, client, .. } = self;
        let secret = match &self.secret {
            Some(secret) => format!(
                "# The secret of the Report Service, shown this once:\nSECRET='{}'\n",
                pen.strong(secret)
            ),
            None => format!(
                "# The Report Service was there already. If you do not have its secret, make another:\n\
                 SECRET=$({jeton_there} secret rotate {client} --json | sed -n 's/.*\"client_secret\": \"\\(.*\\)\".*/\\1/p')\n"
            ),
        };
        let start = if self.is_served {
            String::new()
        } else {
            format!("# In another terminal:\n{jeton_there} serve\n\n")
        };
        format!(
            "{start}{secret}\n\
             # It asks for a token:\n\
             TOKEN=$(curl -s -u \"{client}:$SECRET\" {issuer}/oauth2/token \\\n    \
                 -d grant_type=client_credentials -d scope={SCOPE} | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')\n\n\
             # See what is in it:\n\
             echo \"$TOKEN\" | {jeton} inspect --issuer {issuer} -\n\n\
             # The Sales Analytics API, in another terminal:\n\
             ISSUER={issuer} AUDIENCE={API} cargo run --release --example sales_analytics_api\n\n\
             # It lets the Report Service in, and nobody without a token:\n\
             curl -i -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:9090/v1/sales/analytics\n\
             curl -i http://127.0.0.1:9090/v1/sales/analytics\n"
        )
    }
}
