//! Somebody in front of a browser: keeps cookies, follows redirects, fills in the forms that a page
//! really has, and reads what a person would see.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    body::Body,
    http::{self, StatusCode, header},
};
use jeton::{
    admin::{
        account::EnrolSecondFactor,
        operators::{AddOperator, NewPassword},
    },
    crypto::{random::Entropy, totp::TotpSecret},
    domain::{actor::Actor, id::OperatorId, permission::Role, time::Span},
    web::server::Peer,
};

use super::{caller::encode, reply::Reply, server::TestServer};

/// What the authenticator app of every operator was given.
fn app_secret() -> TotpSecret {
    TotpSecret::generate(&Entropy::seeded(42))
}

/// What every operator of the tests signs in with.
pub(crate) const PASSWORD: &str = "a quiet morning in may";

/// Where every browser is.
const PEER: Peer = Peer::Tcp(SocketAddr::new(
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 8)),
    50_000,
));

/// A browser with its cookies.
pub(crate) struct Browser<'s> {
    server: &'s TestServer,
    pub(crate) cookies: BTreeMap<String, String>,
    /// What it says of where its requests come from.
    pub(crate) site: Option<&'static str>,
    /// Which site it says that a form came from; older browsers say only this.
    pub(crate) origin: Option<&'static str>,
}

/// A form of a page.
pub(crate) struct Form {
    /// Where it goes, below the console's path.
    pub(crate) action: String,
    /// Its members: name, value, and whether people type it.
    pub(crate) fields: Vec<(String, String, bool)>,
}

/// A page, and where the browser is now.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) reply: Reply,
}

impl TestServer {
    /// A browser that has not been here before.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser {
            server: self,
            cookies: BTreeMap::new(),
            site: Some("same-origin"),
            origin: None,
        }
    }

    /// An operator with this role, `ROLE@example.com`, who has set up a second factor if their role
    /// takes one.
    pub(crate) async fn operator(&self, role: Role) -> String {
        let email = format!("{role}@example.com");
        let id = self.add_operator(&email, role).await;
        if role.needs_second_factor() {
            let actor = Actor::operator(id, email.parse().unwrap(), role);
            let enrol = EnrolSecondFactor {
                secret: app_secret(),
                code: app_secret().code_at(self.app.now().minus(Span(30)).seconds()),
            };
            self.app.execute(actor, enrol).await.unwrap();
        }
        email
    }

    /// An operator who has a password and nothing else.
    pub(crate) async fn add_operator(&self, email: &str, role: Role) -> OperatorId {
        let password = NewPassword::parse(PASSWORD.to_owned().into()).unwrap();
        self.run(AddOperator {
            email: email.parse().unwrap(),
            name: "Ana Lima".parse().unwrap(),
            role,
            password: Some(password),
        })
        .await
    }

    /// What the authenticator app of every operator shows now.
    pub(crate) fn app_code(&self) -> String {
        app_secret().code_at(self.app.now().seconds())
    }

    /// A browser in which such an operator has signed in.
    pub(crate) async fn signed_in(&self, role: Role) -> Browser<'_> {
        let email = self.operator(role).await;
        let mut browser = self.browser();
        let page = browser.sign_in(&email, PASSWORD).await;
        assert_eq!(page.reply.status, StatusCode::OK, "{:?}", page.reply);
        browser
    }
}

impl Browser<'_> {
    /// Signs in with a password, and a code if one is asked for.
    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Page {
        let form = [("email", email), ("password", password)];
        let page = self.post("/sign-in", &form).await;
        if page.path != "/sign-in/second" {
            return page;
        }
        let code = self.server.app_code();
        self.post("/sign-in/second", &[("code", &code)]).await
    }

    /// Opens a page below the console's path, redirects followed.
    pub(crate) async fn open(&mut self, path: &str) -> Page {
        let reply = self.send("GET", path, None).await;
        self.follow(path, reply).await
    }

    /// Sends a form that a test wrote, redirects followed.
    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let reply = self.send("POST", path, Some(form)).await;
        self.follow(path, reply).await
    }

    /// Fills in the form of a page whose action is `action` and sends it: hidden members and what is
    /// ticked or filled in already are sent along, as a browser does.
    pub(crate) async fn submit(
        &mut self,
        page: &Page,
        action: &str,
        filled: &[(&str, &str)],
    ) -> Page {
        let fields = page.form(action);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .filter(|(name, _)| filled.iter().all(|(other, _)| other != name))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(filled.iter().copied())
            .collect();
        self.post(action, &fields).await
    }

    /// One request, and its answer as it is.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        form: Option<&[(&str, &str)]>,
    ) -> Reply {
        let reply = Reply::read(self.begin(method, path, form).await).await;
        self.keep_cookies(&reply);
        reply
    }

    /// The same; nothing of the answer's body is read yet.
    pub(crate) async fn begin(
        &self,
        method: &str,
        path: &str,
        form: Option<&[(&str, &str)]>,
    ) -> http::Response<Body> {
        let request = self.request(method, path, form.map(encoded));
        self.server.begin_response_to(PEER, request).await
    }

    /// One request with a form that is written down already, and its answer as it is.
    pub(crate) async fn send_text(
        &mut self,
        method: &str,
        path: &str,
        form: Option<String>,
    ) -> Reply {
        let request = self.request(method, path, form);
        let reply = self.server.respond_to(PEER, request).await;
        self.keep_cookies(&reply);
        reply
    }

    /// The answer to a form of a page, with nothing of it read yet: a download that has begun.
    pub(crate) async fn begin_download(
        &mut self,
        page: &Page,
        action: &str,
        filled: &[(&str, &str)],
    ) -> http::Response<Body> {
        let fields = page.form(action);
        let fields = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = fields.chain(filled.iter().copied()).collect();
        self.begin("POST", action, Some(&fields)).await
    }

    fn request(&self, method: &str, path: &str, form: Option<String>) -> http::Request<Body> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("/console{path}"))
            .header(header::HOST, "as.test");
        if let Some(site) = self.site {
            request = request.header("sec-fetch-site", site);
        }
        if let Some(origin) = self.origin {
            request = request.header(header::ORIGIN, origin);
        }
        if !self.cookies.is_empty() {
            let cookies = self.cookies.iter();
            let cookies: Vec<_> = cookies
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let request = match form {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(body)),
            None => request.body(Body::empty()),
        };
        request.unwrap()
    }

    async fn follow(&mut self, path: &str, mut reply: Reply) -> Page {
        let mut path = path.to_owned();
        for _ in 0..5 {
            if reply.status != StatusCode::SEE_OTHER {
                break;
            }
            let location = reply.header("location");
            let Some(next) = location.strip_prefix("/console") else {
                panic!("a redirect out of the console, to {location}");
            };
            path = next.to_owned();
            reply = self.send("GET", &path, None).await;
        }
        Page { path, reply }
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        for field in reply.headers.get_all(header::SET_COOKIE) {
            let field = field.to_str().unwrap();
            let pair = field.split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() || field.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A form as it stands in a body.
fn encoded(form: &[(&str, &str)]) -> String {
    let pairs = form.iter();
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    pairs.join("&")
}

impl Page {
    /// The page as it was sent, without the places where a long word may be broken.
    pub(crate) fn html(&self) -> String {
        let html = String::from_utf8(self.reply.body.to_vec()).unwrap();
        html.replace("<wbr>", "")
    }

    /// What a person reads: the text of the main part, with single spaces.
    pub(crate) fn text(&self) -> String {
        let html = self.html();
        let main = between(&html, "<main", "</main>").unwrap_or(&html);
        let mut text = String::new();
        let mut is_tag = true;
        for character in main.chars() {
            match character {
                '<' => is_tag = true,
                '>' => {
                    is_tag = false;
                    text.push(' ');
                }
                _ if !is_tag => text.push(character),
                _ => {}
            }
        }
        let text = unescape(&text);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        text.replace(" ,", ",").replace(" .", ".")
    }

    /// The page's title.
    pub(crate) fn title(&self) -> String {
        unescape(between(&self.html(), "<title>", "</title>").unwrap_or_default())
    }

    /// The page was found, and a person can read this on it.
    #[track_caller]
    pub(crate) fn assert_says(&self, words: &str) {
        let text = self.text();
        assert!(text.contains(words), "“{words}” is not on the page: {text}");
    }

    /// It is not on the page.
    #[track_caller]
    pub(crate) fn assert_does_not_say(&self, words: &str) {
        let text = self.text();
        assert!(!text.contains(words), "“{words}” is on the page: {text}");
    }

    /// Where the browser is now.
    #[track_caller]
    pub(crate) fn assert_at(&self, path: &str) {
        assert_eq!(self.path, path, "{}", self.text());
    }

    #[track_caller]
    pub(crate) fn assert_status(&self, status: u16) {
        assert_eq!(self.reply.status.as_u16(), status, "{}", self.text());
    }

    /// The text of the element with this id, to the letter.
    #[track_caller]
    pub(crate) fn element(&self, id: &str) -> String {
        let html = self.html();
        let (_, rest) = html
            .split_once(&format!(" id=\"{id}\""))
            .unwrap_or_else(|| panic!("nothing has the id {id}: {html}"));
        let (_, text) = rest.split_once('>').unwrap();
        unescape(text.split('<').next().unwrap())
    }

    /// Every form that changes something.
    pub(crate) fn forms(&self) -> Vec<Form> {
        let html = self.html();
        let forms = html.split("<form").skip(1);
        let forms = forms.map(|form| form.split("</form>").next().unwrap());
        let forms = forms.filter(|form| form.contains("method=\"post\""));
        forms
            .map(|form| Form {
                action: between(form, "action=\"/console", "\"").unwrap().to_owned(),
                fields: fields_with_kind(form),
            })
            .collect()
    }

    /// The members of the form with this action, as they stand.
    #[track_caller]
    pub(crate) fn form(&self, action: &str) -> Vec<(String, String)> {
        let html = self.html();
        let wanted = format!("action=\"/console{action}\"");
        let form = html
            .split("<form")
            .skip(1)
            .map(|form| form.split("</form>").next().unwrap())
            .find(|form| form.contains(&wanted))
            .unwrap_or_else(|| panic!("no form goes to {action}: {html}"));
        let fields = fields_with_kind(form).into_iter();
        fields.map(|(name, value, _)| (name, value)).collect()
    }
}

/// What a form would send as it stands, and which of it people type.
fn fields_with_kind(form: &str) -> Vec<(String, String, bool)> {
    let mut fields = Vec::new();
    for tag in form.split('<').skip(1) {
        if let Some(tag) = tag.strip_prefix("input") {
            let kind = attribute(tag, "type").unwrap_or_default();
            let is_off = matches!(kind.as_str(), "radio" | "checkbox") && !tag.contains(" checked");
            if let Some(name) = attribute(tag, "name").filter(|_| !is_off) {
                let is_text = matches!(kind.as_str(), "text" | "search" | "email" | "date");
                fields.push((name, attribute(tag, "value").unwrap_or_default(), is_text));
            }
        } else if let Some(tag) = tag.strip_prefix("textarea")
            && let Some(name) = attribute(tag, "name")
        {
            let text = tag.split_once('>').map_or("", |(_, text)| text);
            fields.push((name, unescape(text), true));
        }
    }
    fields
}

fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = between(tag, &format!(" {name}=\""), "\"")?;
    Some(unescape(value))
}

fn unescape(text: &str) -> String {
    let replaced = text.replace("&#34;", "\"").replace("&#39;", "'");
    let replaced = replaced.replace("&#60;", "<").replace("&#62;", ">");
    let replaced = replaced.replace("&lt;", "<").replace("&gt;", ">");
    replaced
        .replace("&quot;", "\"")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}
