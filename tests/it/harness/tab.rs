//! The console of a server that is a process of its own, by curl and its cookies.

use std::{path::PathBuf, process::Command};

use super::process::ServerProcess;

/// Somebody at a browser, over the network, who keeps all that they were shown.
pub(crate) struct Tab<'s> {
    pub(crate) server: &'s ServerProcess,
    jar: PathBuf,
    /// Every answer but those that reveal something: where it came from, and all of it.
    pub(crate) seen: Vec<(String, Vec<u8>)>,
}

impl<'s> Tab<'s> {
    pub(crate) fn of(server: &'s ServerProcess, name: &str) -> Self {
        Self {
            server,
            jar: server.home().join(name),
            seen: Vec::new(),
        }
    }

    /// An answer, head and body, redirects followed; it may hold what it reveals.
    pub(crate) fn reveal(&self, path: &str, form: &[(&str, &str)]) -> Vec<u8> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--include", "--max-time", "20"])
            .args(["--location", "--header", "Sec-Fetch-Site: same-origin"])
            .arg("--cookie-jar")
            .arg(&self.jar)
            .arg("--cookie")
            .arg(&self.jar);
        for (name, value) in form {
            curl.args(["--data-urlencode", &format!("{name}={value}")]);
        }
        let output = curl.arg(format!("{}/console{path}", self.server.issuer()));
        output.output().expect("tests/setup installs curl").stdout
    }

    /// An answer in which no secret has any business.
    pub(crate) fn see(&mut self, path: &str, form: &[(&str, &str)]) -> String {
        let answer = self.reveal(path, form);
        let text = String::from_utf8_lossy(&answer).into_owned();
        self.seen.push((path.to_owned(), answer));
        text
    }
}

/// The text of the element with this id, without the places where a long word may be broken.
#[track_caller]
pub(crate) fn element(page: &[u8], id: &str) -> String {
    let page = String::from_utf8_lossy(page).replace("<wbr>", "");
    let Some((_, rest)) = page.split_once(&format!("id=\"{id}\"")) else {
        panic!("there is no #{id} on the page: {page}");
    };
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}
