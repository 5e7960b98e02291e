//! The programs of `tests/peers`, run as a service would run them.
//!
//! What they need is installed by `tests/setup`; a test that finds it missing or out of date fails and says so.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse};
use oauth2::{AuthType, ClientId, ClientSecret, HttpRequest, RequestTokenError, Scope, TokenUrl};
use serde::Deserialize;
use serde_json::Value;

/// An OAuth client library, behind the program that drives it.
#[derive(Clone, Copy)]
pub(crate) struct Client {
    pub(crate) program: Program,
    /// The ways to present the secret that the library offers.
    pub(crate) methods: &'static [Auth],
}

/// A JWT library that a resource server would use, behind the program that drives it.
#[derive(Clone, Copy)]
pub(crate) struct Validator {
    pub(crate) program: Program,
    pub(crate) algorithms: &'static [&'static str],
}

/// Where a program of the kit lives, by what runs it.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    Curl,
    Python(&'static str),
    Node(&'static str),
    Go(&'static str),
    Java(&'static str),
}

/// How a client presents its secret.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Auth {
    /// Basic, form-encoded as RFC 6749 §2.3.1 wants it.
    Basic,
    /// Basic, not form-encoded.
    Raw,
    /// In the form.
    Body,
    /// Basic, but only once a 401 has asked for it.
    Challenge,
    /// Whatever works: the library tries both.
    Auto,
    /// It is a private key in PEM, and signs (`private_key_jwt`).
    Key,
    /// It signs (`client_secret_jwt`).
    Jwt,
}

/// One request for a token.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) auth: Auth,
    pub(crate) scope: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) discovery: Discovery,
}

/// Which metadata document openid-client reads; the others read RFC 8414's.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Discovery {
    OpenId,
    OAuth,
}

/// What came of it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    Granted {
        access_token: String,
        token_type: String,
        expires_in: u64,
        scope: Option<String>,
    },
    Refused {
        error: String,
        status: u16,
    },
}

impl Client {
    /// Asks for a token and reads the line the program prints.
    #[track_caller]
    pub(crate) fn ask(&self, ask: &Ask<'_>) -> Answer {
        if matches!(self.program, Program::Curl) {
            return curl(ask);
        }
        let output = run(ask.environment(self.program.command()), "").expect(SET_UP);
        let printed = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        serde_json::from_str(&printed).unwrap_or_else(|_| {
            panic!(
                "{} ({:?}) has no answer: {printed}{errors}",
                self.program, ask.auth
            )
        })
    }
}

impl Validator {
    /// The claims of a valid token, or why it is none.
    #[track_caller]
    pub(crate) fn verify(
        &self,
        issuer: &str,
        audience: &str,
        token: &str,
    ) -> Result<Value, String> {
        let mut command = self.program.command();
        command.env("ISSUER", issuer).env("AUDIENCE", audience);
        let output = run(command, token).expect(SET_UP);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        Ok(serde_json::from_slice(&output.stdout).expect("a validator prints the claims"))
    }
}

impl Program {
    /// What a program tells in JSON of what it did as the client of `ask`, perhaps at `url` too.
    #[track_caller]
    pub(crate) fn tell(self, ask: &Ask<'_>, url: Option<&str>) -> Value {
        let mut command = ask.environment(self.command());
        if let Some(url) = url {
            command.env("URL", url);
        }
        let output = run(command, "").expect(SET_UP);
        let errors = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{self} tells nothing: {errors}"))
    }

    pub(crate) fn command(self) -> Command {
        let installed = installed();
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers");
        match self {
            Self::Curl => Command::new("curl"),
            Self::Python(name) => {
                let venv = installed.join("python");
                assert_same(
                    &venv.join("installed.txt"),
                    &sources.join("python/requirements.txt"),
                );
                let mut command = Command::new(venv.join("bin/python"));
                command
                    .arg("-B")
                    .arg(sources.join(format!("python/{name}.py")));
                command
            }
            Self::Node(name) => {
                let modules = installed.join("node");
                assert_same(
                    &modules.join("installed.json"),
                    &sources.join("node/package-lock.json"),
                );
                let mut command = Command::new("node");
                command.args(["--preserve-symlinks", "--preserve-symlinks-main"]);
                command.arg(modules.join(format!("programs/{name}.mjs")));
                command
            }
            Self::Go(name) => {
                let program = installed.join("go").join(name);
                assert_newer(&program, &sources.join(format!("go/{name}/main.go")));
                Command::new(program)
            }
            Self::Java(name) => {
                let classes = installed.join("java");
                assert_newer(
                    &classes.join(format!("{name}.class")),
                    &sources.join(format!("java/{name}.java")),
                );
                let mut command = Command::new("java");
                command.arg("-cp").arg(classes).arg(name);
                command
            }
        }
    }
}

impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Curl => f.write_str("curl"),
            Self::Python(name) | Self::Node(name) | Self::Go(name) | Self::Java(name) => {
                f.write_str(name)
            }
        }
    }
}

impl Auth {
    const fn name(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::Raw => "raw",
            Self::Body => "body",
            Self::Challenge => "challenge",
            Self::Auto => "auto",
            Self::Key => "key",
            Self::Jwt => "jwt",
        }
    }
}

impl Ask<'_> {
    fn environment(&self, mut command: Command) -> Command {
        let discovery = match self.discovery {
            Discovery::OpenId => "oidc",
            Discovery::OAuth => "oauth2",
        };
        command
            .env("ISSUER", self.issuer)
            .env("CLIENT_ID", self.id)
            .env("CLIENT_SECRET", self.secret)
            .env("AUTH", self.auth.name())
            .env("SCOPE", self.scope)
            .env("RESOURCE", self.resource)
            .env("DISCOVERY", discovery);
        command
    }
}

/// curl is told everything on its command line, as the README tells people to.
#[track_caller]
fn curl(ask: &Ask<'_>) -> Answer {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--write-out", "\n%{http_code}"]);
    command.args(["--data", "grant_type=client_credentials"]);
    for (parameter, value) in [("scope", ask.scope), ("resource", ask.resource)] {
        if !value.is_empty() {
            command.args(["--data-urlencode", &format!("{parameter}={value}")]);
        }
    }
    if ask.auth == Auth::Body {
        command.args(["--data-urlencode", &format!("client_id={}", ask.id)]);
        command.args(["--data-urlencode", &format!("client_secret={}", ask.secret)]);
    } else {
        command.args(["--user", &format!("{}:{}", ask.id, ask.secret)]);
    }
    command.arg(format!("{}/oauth2/token", ask.issuer));

    let output = run(command, "").expect(SET_UP);
    let printed = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let (body, status) = printed
        .rsplit_once('\n')
        .expect("curl writes the status on a line of its own");
    let mut answer: Value = serde_json::from_str(body).expect("the token endpoint answers in JSON");
    answer["status"] = status.parse::<u16>().expect("a status is a number").into();
    serde_json::from_value(answer).expect("a token or an error")
}

/// The `oauth2` crate needs no program: it runs here, over reqwest. A refusal comes as the error it understood.
pub(crate) async fn the_oauth2_crate(
    ask: &Ask<'_>,
    method: AuthType,
) -> Result<BasicTokenResponse, BasicErrorResponseType> {
    let client = BasicClient::new(ClientId::new(ask.id.to_owned()))
        .set_client_secret(ClientSecret::new(ask.secret.to_owned()))
        .set_token_uri(TokenUrl::new(format!("{}/oauth2/token", ask.issuer)).expect("a URL"))
        .set_auth_type(method);
    let request = client
        .exchange_client_credentials()
        .add_scope(Scope::new(ask.scope.to_owned()));
    match request.request_async(&send).await {
        Ok(token) => Ok(token),
        Err(RequestTokenError::ServerResponse(refusal)) => Err(refusal.error().clone()),
        Err(other) => {
            panic!("the oauth2 crate understood neither a token nor a refusal: {other:?}")
        }
    }
}

async fn send(request: HttpRequest) -> Result<oauth2::HttpResponse, reqwest::Error> {
    send_with(&reqwest::Client::new(), request).await
}

/// Sends what the `oauth2` crate asks for.
pub(crate) async fn send_with(
    http: &reqwest::Client,
    request: HttpRequest,
) -> Result<oauth2::HttpResponse, reqwest::Error> {
    let response = http.execute(request.try_into()?).await?;
    let mut answer = oauth2::HttpResponse::default();
    *answer.status_mut() = response.status();
    *answer.headers_mut() = response.headers().clone();
    *answer.body_mut() = response.bytes().await?.to_vec();
    Ok(answer)
}

pub(crate) const SET_UP: &str = "run tests/setup first";

/// Runs a program to its end; `None` if it is not installed.
pub(crate) fn run(mut command: Command, input: &str) -> Option<Output> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().expect("a pipe was asked for");
    // A program that needs no input may have ended already.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    Some(child.wait_with_output().expect("a child can be waited for"))
}

/// Where `tests/setup` installs: beside the build, in its target directory.
pub(crate) fn installed() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}

#[track_caller]
fn assert_same(installed: &Path, wanted: &Path) {
    let wanted = fs::read(wanted).expect("the kit is complete");
    assert!(
        fs::read(installed).is_ok_and(|found| found == wanted),
        "{SET_UP}"
    );
}

#[track_caller]
fn assert_newer(built: &Path, source: &Path) {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    assert!(changed(built) > changed(source), "{SET_UP}");
}
