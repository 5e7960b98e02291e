//! ACME (RFC 8555) as its client: an account, an order, challenges by http-01, a certificate.
//!
//! The protocol is `instant-acme`'s; connections are this server's own. Only https is asked, no redirect is
//! followed, no proxy asked. The directory is whom the operator named: it may lie in a network of one's own.

mod challenges;

use std::{error::Error, future::Future, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, BodyWrapper, BytesResponse, ChallengeType,
    HttpClient, Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};

pub use self::challenges::Challenges;
use super::{
    exchange::{Bounds, exchange},
    outbound::{check_form, connect, place, secure},
    tls::Tls,
};
use crate::{
    app::acme::{IssueCertificates, OrderFailure},
    crypto::{certificate::Certificate, signer::PrivateKey},
    domain::{
        acme::{AcmeWish, IssuedCertificate},
        time::Timestamp,
    },
};

/// How much of an answer is read, and how long it may take.
const BOUNDS: Bounds = Bounds {
    bytes: 512 * 1024,
    wait: Duration::from_secs(30),
};

/// How long a directory may take over a challenge, and over a certificate.
const POLLING: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.5)
    .timeout(Duration::from_secs(90));

/// Gets certificates from a directory, and shows them.
#[derive(Debug)]
pub struct AcmeClient {
    /// Whom the directory may write to, as `mailto:` URLs.
    pub contact: Vec<String>,
    /// A file of certificates that are trusted besides those of the system.
    pub ca: Option<PathBuf>,
    /// Where challenges are answered.
    pub challenges: Challenges,
    /// Where certificates are shown.
    pub tls: Tls,
}

#[async_trait]
impl IssueCertificates for AcmeClient {
    async fn register(&self, wish: &AcmeWish) -> Result<PrivateKey, String> {
        let contact: Vec<&str> = self.contact.iter().map(String::as_str).collect();
        let account = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let builder = Account::builder_with_http(self.http());
        let made = builder.create(&account, wish.directory.clone(), None).await;
        let (_, credentials) = made.map_err(in_words)?;
        let bytes = serde_json::to_vec(&credentials).map_err(|error| error.to_string())?;
        Ok(PrivateKey::from_bytes(bytes))
    }

    async fn order(
        &self,
        account: &PrivateKey,
        wish: &AcmeWish,
    ) -> Result<IssuedCertificate, OrderFailure> {
        let credentials: AccountCredentials =
            serde_json::from_slice(account.as_bytes()).map_err(|_| OrderFailure::NoAccount)?;
        let builder = Account::builder_with_http(self.http());
        let account = builder
            .from_credentials(credentials)
            .await
            .map_err(failure)?;
        let identifiers: Vec<Identifier> = wish.domains.iter().map(|it| identifier(it)).collect();
        let mut order = account
            .new_order(&NewOrder::new(&identifiers))
            .await
            .map_err(failure)?;
        let _answers = self.answer_challenges(&mut order).await?;
        if order.poll_ready(&POLLING).await.map_err(failure)? != OrderStatus::Ready {
            return Err(OrderFailure::Other(refusal(&mut order).await));
        }
        let key = order.finalize().await.map_err(failure)?;
        let chain = order.poll_certificate(&POLLING).await.map_err(failure)?;
        judge(chain, key, &wish.domains).map_err(OrderFailure::Other)
    }

    fn show(&self, certificate: &IssuedCertificate) -> Result<(), String> {
        self.tls
            .take_up(certificate)
            .map_err(|error| error.to_string())
    }
}

impl AcmeClient {
    fn http(&self) -> Box<dyn HttpClient> {
        Box::new(Http {
            ca: self.ca.clone().map(Arc::new),
        })
    }

    /// Puts up the answers and says so. They are up for as long as what comes back is kept.
    async fn answer_challenges(
        &self,
        order: &mut Order,
    ) -> Result<Vec<challenges::Answer>, OrderFailure> {
        let mut answers = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization.map_err(failure)?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let name = authorization.identifier().to_string();
            let mut challenge =
                authorization
                    .challenge(ChallengeType::Http01)
                    .ok_or_else(|| {
                        OrderFailure::Other(format!(
                            "the directory does not take http-01 for {name}"
                        ))
                    })?;
            let answer = challenge.key_authorization().as_str().to_owned();
            answers.push(self.challenges.put_up(challenge.token.clone(), answer));
            challenge.set_ready().await.map_err(failure)?;
        }
        Ok(answers)
    }
}

fn identifier(domain: &str) -> Identifier {
    match domain.parse() {
        Ok(address) => Identifier::Ip(address),
        Err(_) => Identifier::Dns(domain.to_owned()),
    }
}

/// What the directory found wrong with a challenge.
async fn refusal(order: &mut Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let Ok(mut authorization) = authorization else {
            continue;
        };
        if authorization.refresh().await.is_err() {
            continue;
        }
        let name = authorization.identifier().to_string();
        let mut found = authorization.challenges.iter();
        if let Some(problem) = found.find_map(|it| it.error.as_ref()) {
            return format!("the directory could not verify {name}: {problem}");
        }
    }
    "the directory refused the order and does not say why".to_owned()
}

/// Whether what came is a certificate for these names.
fn judge(chain: String, key: String, domains: &[String]) -> Result<IssuedCertificate, String> {
    let leaf = Certificate::first_in(chain.as_bytes())
        .map_err(|_| "what the directory sent is no certificate")?;
    let is_for = |domain: &String| match domain.parse() {
        Ok(address) => leaf.has_ip(address),
        Err(_) => leaf.has_dns(domain),
    };
    if let Some(missing) = domains.iter().find(|domain| !is_for(domain)) {
        return Err(format!(
            "the certificate that the directory sent is not for {missing}"
        ));
    }
    Ok(IssuedCertificate {
        not_before: Timestamp(leaf.not_before()),
        not_after: Timestamp(leaf.not_after()),
        chain,
        key: Arc::new(PrivateKey::from_bytes(key.into_bytes())),
    })
}

const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

fn failure(error: instant_acme::Error) -> OrderFailure {
    if let instant_acme::Error::Api(problem) = &error
        && problem.r#type.as_deref() == Some(NO_ACCOUNT)
    {
        return OrderFailure::NoAccount;
    }
    OrderFailure::Other(in_words(error))
}

fn in_words(error: instant_acme::Error) -> String {
    if let instant_acme::Error::Other(problem) = error {
        return problem.to_string();
    }
    if matches!(error, instant_acme::Error::Json(_)) {
        return "what the directory answered is no ACME".to_owned();
    }
    error.to_string()
}

/// Sends the requests of the protocol, each over a connection of its own.
struct Http {
    ca: Option<Arc<PathBuf>>,
}

type Answering =
    Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send + 'static>>;

impl HttpClient for Http {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Answering {
        let ca = self.ca.clone();
        Box::pin(async move {
            let answer = send(request, ca).await;
            answer.map_err(|problem| {
                instant_acme::Error::Other(Box::<dyn Error + Send + Sync>::from(problem))
            })
        })
    }
}

async fn send(
    request: Request<BodyWrapper<Bytes>>,
    ca: Option<Arc<PathBuf>>,
) -> Result<BytesResponse, String> {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await.map_err(|error| error.to_string())?;
    let uri = head.uri.clone();
    let at = |problem: String| format!("{uri}: {problem}");
    check_form(&uri).map_err(at)?;
    let (host, port) = place(&uri).map_err(at)?;
    let stream = connect((host, port)).await.map_err(at)?;
    let ca = ca.as_ref().map(|it| it.as_path());
    let stream = secure(stream, host, ca).await.map_err(at)?;
    let authority = uri.authority().map_or("", |it| it.as_str());
    let authority = authority
        .parse()
        .map_err(|_| at("this names no host".to_owned()))?;
    head.headers.insert(header::HOST, authority);
    let path = uri.path_and_query().map_or("/", |it| it.as_str());
    head.uri = path
        .parse()
        .map_err(|_| at("this is no web address".to_owned()))?;
    let request = Request::from_parts(head, Full::new(body.to_bytes()));
    let answer = exchange(stream, request, BOUNDS).await.map_err(at)?;
    if answer.status().is_redirection() {
        return Err(at(format!(
            "it answers {}, and redirects are not followed",
            answer.status()
        )));
    }
    Ok(BytesResponse::from(answer.map(Full::new)))
}
