//! Proxies that ask clients for certificates and pass them on, configured as the README says.

use std::{
    fs,
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::kit::{claims, create, define, grant, post, thumbprint};
use crate::harness::{
    certificates::{Authority, Pair, Wanted, text},
    curl::curl,
    process::{ServerProcess, free_address},
};

/// A proxy, by how it is started and what it writes.
struct Proxy {
    program: &'static str,
    /// The header of certificates.
    header: &'static str,
    /// Its words, with the configuration's file last.
    words: &'static [&'static str],
    configuration: &'static str,
}

const NGINX: Proxy = Proxy {
    program: "nginx",
    header: "x-ssl-client-cert",
    words: &["-e", "stderr", "-c"],
    configuration: "
daemon off;
pid FOLDER/nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path FOLDER/a; proxy_temp_path FOLDER/b; fastcgi_temp_path FOLDER/c;
    uwsgi_temp_path FOLDER/d; scgi_temp_path FOLDER/e;
    server {
        listen LISTEN ssl;
        ssl_certificate CERT;
        ssl_certificate_key KEY;
        ssl_verify_client optional_no_ca;
        location / {
            proxy_pass http://JETON;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;
        }
    }
}",
};

const CADDY: Proxy = Proxy {
    program: "caddy",
    header: "client-cert",
    words: &["run", "--adapter", "caddyfile", "--config"],
    configuration: "
{
    admin off
    storage file_system FOLDER
}
https://localhost:PORT {
    bind 127.0.0.1
    tls CERT KEY {
        client_auth {
            mode request
        }
    }
    map {http.request.tls.client.certificate_der_base64} {client_cert} {
        \"~^([A-Za-z0-9+/=]+)$\" \":${1}:\"
        default \"\"
    }
    reverse_proxy JETON {
        header_up Client-Cert {client_cert}
        header_up -Client-Cert-Chain
    }
}",
};

const HAPROXY: Proxy = Proxy {
    program: "haproxy",
    header: "client-cert",
    words: &["-db", "-f"],
    configuration: "
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend clients
    bind LISTEN ssl crt BOTH ca-file CA verify optional crt-ignore-err all ca-ignore-err all
    http-request del-header Client-Cert
    http-request del-header Client-Cert-Chain
    http-request set-header Client-Cert :%[ssl_c_der,base64]: if { ssl_c_used }
    option forwardfor
    default_backend jeton
backend jeton
    server jeton JETON
",
};

/// A proxy that runs until it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Proxy {
    /// Starts it before `jeton`; gives its address.
    #[track_caller]
    fn start(&self, authority: &Authority, jeton: &str) -> (Running, String) {
        let pair = authority.issue(Wanted::server("proxy"));
        let both = fs::read_to_string(&pair.certificate).unwrap()
            + &fs::read_to_string(&pair.key).unwrap();
        let both = authority.write("both.pem", &both);
        let folder = authority.path("proxy");
        fs::create_dir_all(&folder).unwrap();
        let listen = free_address();
        let configuration = self
            .configuration
            .replace("FOLDER", text(&folder))
            .replace("LISTEN", &listen.to_string())
            .replace("PORT", &listen.port().to_string())
            .replace("JETON", jeton)
            .replace("CERT", text(&pair.certificate))
            .replace("KEY", text(&pair.key))
            .replace("BOTH", text(&both))
            .replace("CA", text(&authority.file()));
        let file = authority.write("proxy.conf", &configuration);
        let log = fs::File::create(authority.path("proxy.log")).unwrap();
        let child = Command::new(Path::new(self.program))
            .args(self.words)
            .arg(&file)
            .env("HOME", &folder)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("tests/setup installs the proxies");
        let running = Running(child);
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(listen).is_err() {
            let log = || fs::read_to_string(authority.path("proxy.log")).unwrap();
            assert!(Instant::now() < deadline, "{}: {}", self.program, log());
            thread::sleep(Duration::from_millis(50));
        }
        (running, format!("https://localhost:{}", listen.port()))
    }
}

#[track_caller]
fn certificates_come_through(proxy: &Proxy) {
    let authority = Authority::new();
    let ca = authority.file();
    let server = ServerProcess::start_with(&[
        "--behind-proxy",
        "127.0.0.1",
        "--client-certificate-from",
        proxy.header,
        "--tls-client-ca",
        text(&ca),
        "--mtls-url",
        "https://mtls.test",
    ]);
    define(&server);
    let (_running, base) = proxy.start(&authority, &server.address().to_string());
    let own = authority.self_signed(Wanted::client("own"));
    let issued = authority.issue(Wanted::client("issued"));
    let forged = authority.self_signed(Wanted::client("forged"));
    create(&server, "own", &["--cert", text(&own.certificate)]);
    let name = |name: &str| format!("CN={name},O=Example\\, Inc.,C=DE");
    create(&server, "issued", &["--tls-subject-dn", &name("issued")]);
    create(&server, "forged", &["--tls-subject-dn", &name("forged")]);
    let url = format!("{base}/oauth2/token");
    let ask = |id: &str, shown: Option<&Pair>| post(&authority, (&url, shown), &grant(id));

    for (id, pair) in [("own", &own), ("issued", &issued)] {
        let answer = ask(id, Some(pair));
        assert_eq!(answer.status, 200, "{id}: {answer:?}");
        let claims = claims(answer.json()["access_token"].as_str().unwrap());
        assert_eq!(claims["cnf"]["x5t#S256"], thumbprint(pair), "{id}");
        assert_eq!(ask(id, None).status, 401, "{id}");
    }
    assert_eq!(ask("forged", Some(&forged)).status, 401);
    // What a client writes into the header itself does not come through.
    let written = own.in_header(proxy.header);
    let form = grant("own");
    let words = [
        "--cacert",
        text(&ca),
        "--header",
        &written,
        "--data",
        &form,
        &url,
    ];
    assert_eq!(curl(&words).status, 401);
    let words = ["--header", &written, "--data", &form];
    let direct = format!("{}/oauth2/token", server.issuer());
    assert_eq!(
        curl(&[&words[..], &[&direct]].concat()).status,
        200,
        "the test writes it well"
    );
}

/// CM-09
#[test]
fn nginx_passes_certificates_on() {
    certificates_come_through(&NGINX);
}

/// CM-09
#[test]
fn caddy_passes_certificates_on() {
    certificates_come_through(&CADDY);
}

/// CM-09
#[test]
fn haproxy_passes_certificates_on() {
    certificates_come_through(&HAPROXY);
}

/// CM-09
#[test]
fn nobody_but_a_declared_proxy_is_believed_about_certificates() {
    let authority = Authority::new();
    let server = ServerProcess::start_with(&[
        "--behind-proxy",
        "192.0.2.1",
        "--client-certificate-from",
        "client-cert",
    ]);
    define(&server);
    let own = authority.self_signed(Wanted::client("own"));
    create(&server, "own", &["--cert", text(&own.certificate)]);

    let header = own.in_header("client-cert");
    let url = format!("{}/oauth2/token", server.issuer());
    let answer = curl(&["--header", &header, "--data", &grant("own"), &url]);

    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (401, &"invalid_client".into())
    );
}

/// RS-12, FA-07
#[test]
fn a_proxy_that_asks_passes_only_who_has_the_certificate_of_the_token() {
    let authority = Authority::new();
    let server = ServerProcess::start_with(&[
        "--behind-proxy",
        "127.0.0.1",
        "--client-certificate-from",
        "client-cert",
    ]);
    define(&server);
    let own = authority.self_signed(Wanted::client("own"));
    let other = authority.self_signed(Wanted::client("other"));
    create(&server, "own", &["--cert", text(&own.certificate)]);
    let shown = |pair: &Pair| pair.in_header("client-cert");
    let url = format!("{}/oauth2/token", server.issuer());
    let told = curl(&["--header", &shown(&own), "--data", &grant("own"), &url]).json();
    let bearer = format!(
        "Authorization: Bearer {}",
        told["access_token"].as_str().unwrap()
    );

    let question = "/forward-auth?audience=https%3A%2F%2Fsales.test&scope=read";
    let url = format!("{}{question}", server.issuer());
    let method = "X-Forwarded-Method: GET";
    let ask = |header: &[&str]| {
        let words = [&["--header", &bearer, "--header", method], header, &[&url]].concat();
        curl(&words).status
    };

    assert_eq!(ask(&["--header", &shown(&own)]), 200);
    assert_eq!(ask(&["--header", &shown(&other)]), 401);
    assert_eq!(ask(&[]), 401);
}
