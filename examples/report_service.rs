//! A client: the Report Service. It gets an access token with its id and secret, keeps the token until
//! shortly before it expires, and calls the Sales Analytics API with it.
//!
//! ```text
//! ISSUER=http://127.0.0.1:8080 CLIENT_ID=report-service-7kq2d4 CLIENT_SECRET_FILE=secret \
//!     AUDIENCE=https://sales.example.com cargo run --example report_service -- --every 5
//! ```
//!
//! | variable | what it is | default |
//! | --- | --- | --- |
//! | `ISSUER` | the authorization server | |
//! | `CLIENT_ID` | who this service is there | |
//! | `CLIENT_SECRET_FILE` | a file with its secret; read for each new token, so a new secret needs no restart | |
//! | `AUDIENCE` | the identifier of the API to call | |
//! | `API_URL` | where that API is | `http://127.0.0.1:9090/v1/sales/analytics` |
//!
//! With `--every SECONDS` it makes a report every so often and outlives failures; without, it makes one.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "an example stands alone; these rules are for the server"
)]

use std::{
    env, fs,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use oauth2::{
    AccessToken, ClientId, ClientSecret, HttpRequest, HttpResponse, RequestTokenError, Scope,
    TokenResponse, TokenUrl, basic::BasicClient,
};
use reqwest::{StatusCode, redirect};

/// A token is replaced this long before it expires: it must not expire on its way to the API.
const MARGIN: Duration = Duration::from_mins(1);

/// Gets tokens, and keeps the last one while it is good.
struct Tokens {
    http: reqwest::Client,
    token_url: TokenUrl,
    client_id: ClientId,
    secret_file: PathBuf,
    audience: String,
    kept: Option<(AccessToken, Instant)>,
}

impl Tokens {
    fn from_environment(http: reqwest::Client) -> anyhow::Result<Self> {
        let issuer = setting("ISSUER", "the URL of the authorization server")?;
        let token_url = format!("{}/oauth2/token", issuer.trim_end_matches('/'));
        Ok(Self {
            http,
            token_url: TokenUrl::new(token_url).context("ISSUER is not a URL")?,
            client_id: ClientId::new(setting("CLIENT_ID", "the id of this client")?),
            secret_file: setting("CLIENT_SECRET_FILE", "a file with its secret")?.into(),
            audience: setting("AUDIENCE", "the identifier of the API to call")?,
            kept: None,
        })
    }

    /// The token kept, or a new one if there is none or it is about to expire.
    async fn current(&mut self) -> anyhow::Result<AccessToken> {
        match &self.kept {
            Some((token, good_until)) if Instant::now() < *good_until => Ok(token.clone()),
            Some(_) | None => self.renew().await,
        }
    }

    async fn renew(&mut self) -> anyhow::Result<AccessToken> {
        let asked_at = Instant::now();
        let client = BasicClient::new(self.client_id.clone())
            .set_client_secret(self.secret()?)
            .set_token_uri(self.token_url.clone());
        let request = client
            .exchange_client_credentials()
            .add_scope(Scope::new("read:analytics".to_owned()))
            .add_extra_param("resource", &self.audience);
        let answer = match request
            .request_async(&|request| send(&self.http, request))
            .await
        {
            Ok(answer) => answer,
            Err(RequestTokenError::ServerResponse(refusal)) => bail!("no token: {refusal}"),
            Err(other) => return Err(other).context("no token"),
        };
        let lifetime = answer.expires_in().unwrap_or_default();
        eprintln!("a new token, good for {} seconds", lifetime.as_secs());
        let token = answer.access_token().clone();
        self.kept = Some((token.clone(), asked_at + lifetime.saturating_sub(MARGIN)));
        Ok(token)
    }

    fn secret(&self) -> anyhow::Result<ClientSecret> {
        let text = fs::read_to_string(&self.secret_file)
            .with_context(|| format!("cannot read {}", self.secret_file.display()))?;
        Ok(ClientSecret::new(text.trim_end().to_owned()))
    }
}

/// How the `oauth2` crate sends its request: by the same HTTP client as everything else.
async fn send(
    http: &reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, reqwest::Error> {
    let response = http.execute(request.try_into()?).await?;
    let mut answer = HttpResponse::default();
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

/// One report: a call of the API with a token.
async fn report(tokens: &mut Tokens, api: &str) -> anyhow::Result<String> {
    let token = tokens.current().await?;
    let http = tokens.http.clone();
    let call = |token: AccessToken| http.get(api).bearer_auth(token.secret().clone()).send();
    let mut answer = call(token).await.context("the API does not answer")?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        // The token kept is good no more; a new one may be. Once is enough to find out.
        answer = call(tokens.renew().await?)
            .await
            .context("the API does not answer")?;
    }
    let status = answer.status();
    if !status.is_success() {
        let challenge = answer.headers().get("www-authenticate").cloned();
        let challenge = challenge.as_ref().and_then(|value| value.to_str().ok());
        bail!("the API says {status} {}", challenge.unwrap_or_default());
    }
    Ok(answer.text().await?)
}

async fn run() -> anyhow::Result<()> {
    let every = every()?;
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        // A token request that is redirected would show the secret to someone else.
        .redirect(redirect::Policy::none())
        .build()?;
    let mut tokens = Tokens::from_environment(http)?;
    let api = env::var("API_URL");
    let api = api
        .as_deref()
        .unwrap_or("http://127.0.0.1:9090/v1/sales/analytics");

    let Some(every) = every else {
        println!("{}", report(&mut tokens, api).await?);
        return Ok(());
    };
    loop {
        match report(&mut tokens, api).await {
            Ok(figures) => println!("{figures}"),
            Err(error) => eprintln!("no report this time: {error:#}"),
        }
        tokio::time::sleep(every).await;
    }
}

/// What `--every` says, if it was given.
fn every() -> anyhow::Result<Option<Duration>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(None),
        ["--every", seconds] => {
            let seconds = seconds
                .parse()
                .ok()
                .filter(|seconds| (0.1..=1e6).contains(seconds));
            let seconds = seconds.context("--every takes a number of seconds, 0.1 or more")?;
            Ok(Some(Duration::from_secs_f64(seconds)))
        }
        _ => bail!("usage: report_service [--every SECONDS]"),
    }
}

fn setting(name: &str, meaning: &str) -> anyhow::Result<String> {
    env::var(name)
        .ok()
        .with_context(|| format!("set {name}: {meaning}"))
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report_service: {error:#}");
            ExitCode::FAILURE
        }
    }
}
