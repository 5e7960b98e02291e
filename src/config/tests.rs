use std::path::Path;

use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    settings: Settings,
}

fn resolve(arguments: &[&str]) -> Result<Config, ConfigError> {
    let line = std::iter::once(&"jeton").chain(arguments);
    let line = Line::try_parse_from(line).unwrap();
    Config::resolve(line.place, line.settings)
}

fn in_folder(toml: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE_NAME), toml).unwrap();
    let data = folder.path().display().to_string();
    (folder, data)
}

fn mistake_in(toml: &str) -> String {
    let (_folder, data) = in_folder(toml);
    let message = resolve(&["--data", &data]).unwrap_err().to_string();
    message.rsplit_once("jeton.toml:").unwrap().1.to_owned()
}

#[test]
fn each_documented_default_is_the_default() {
    let unset = resolve(&["--data", "/nowhere"]).unwrap();
    let toml: String = settings::documented()
        .into_iter()
        .filter(|setting| setting.default.chars().any(|c| c.is_ascii_digit()))
        // They stand for nothing without a place for backups.
        .filter(|setting| !setting.name.starts_with("backup_"))
        .map(|setting| format!("{} = \"{}\"\n", setting.name, setting.default))
        .map(|line| match line.split_once(" = \"") {
            Some((name, rest)) if rest.trim_end_matches("\"\n").parse::<u64>().is_ok() => {
                format!("{name} = {}\n", rest.trim_end_matches("\"\n"))
            }
            Some(_) | None => line,
        })
        .collect();
    let (folder, _) = in_folder(&toml);
    let file = folder.path().join(FILE_NAME).display().to_string();
    let set = resolve(&["--data", "/nowhere", "--config", &file]).unwrap();

    assert_eq!(set.limits, unset.limits, "{toml}");
    assert_eq!(set.listen, unset.listen);
    assert_eq!(set.usage_flush_interval, unset.usage_flush_interval);
    assert_eq!(set.worker_threads, unset.worker_threads);
    assert!(toml.lines().count() >= 15, "{toml}");
}

#[test]
fn every_setting_has_its_flag_its_variable_and_its_documentation() {
    for setting in settings::documented() {
        let variable = format!("JETON_{}", setting.name.to_uppercase());
        assert_eq!(setting.variable, variable);
        assert!(setting.meaning.ends_with('.'), "{setting:?}");
        assert!(!setting.default.is_empty(), "{setting:?}");
    }
}

#[test]
fn the_file_may_ask_for_the_story_but_not_accept_a_repair() {
    let (_folder, data) = in_folder("demo = true\n");

    assert!(resolve(&["--data", &data]).unwrap().demo);
    assert!(!resolve(&["--data", "/nowhere"]).unwrap().demo);
    assert_eq!(
        mistake_in("accept_repair = true\n"),
        "1:1: `accept_repair` may only be a flag or a variable"
    );
}

#[test]
fn a_flag_wins_over_the_file() {
    let (_folder, data) =
        in_folder("listen = \"127.0.0.1:1\"\nidle_timeout = 5\ndrain_timeout = \"2m\"\n");

    let config = resolve(&["--data", &data, "--listen", "127.0.0.1:2"]).unwrap();

    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.limits.idle_timeout, Span(5));
    assert_eq!(config.limits.drain_timeout, Span::minutes(2));
    assert!(config.file.is_some());
}

#[test]
fn the_data_directory_may_stand_in_a_file_outside_it() {
    let (folder, data) = in_folder("data = \"/elsewhere\"\n");
    let file = folder.path().join(FILE_NAME).display().to_string();

    assert_eq!(
        resolve(&["--config", &file]).unwrap().data,
        Path::new("/elsewhere")
    );
    assert_eq!(
        resolve(&["--config", &file, "--data", "/here"])
            .unwrap()
            .data,
        Path::new("/here")
    );
    let within = resolve(&["--data", &data]).unwrap_err().to_string();
    assert!(within.contains("lies in the data directory"), "{within}");
}

#[test]
fn a_mistake_in_the_file_is_named_with_its_line_and_column() {
    assert_eq!(
        mistake_in("listen = \"127.0.0.1:1\"\n\nlissten = 1\n"),
        "3:1: there is no setting `lissten`; did you mean `listen`?"
    );
    assert_eq!(
        mistake_in("wholly_unknown_thing = 1\n"),
        "1:1: there is no setting `wholly_unknown_thing`"
    );
    assert_eq!(
        mistake_in("\"wholly\\nunknown\\u001b[2J\" = 1\n"),
        "1:1: there is no setting `wholly\\nunknown\\u{1b}[2J`"
    );
    assert_eq!(
        mistake_in("listen = \"8080\"\n"),
        "1:10: an address and a port, as 127.0.0.1:8080 or [::1]:8080"
    );
    assert_eq!(
        mistake_in("behind_proxy = [\"10.0.0.0/8\", \"ten\"]\n"),
        "1:31: a network or an address, as 10.0.0.0/8 or 10.1.2.3"
    );
    assert!(mistake_in("idle_timeout = true\n").starts_with("1:16: "));
    assert!(mistake_in("listen = \n").starts_with("1:"));
}

#[test]
fn an_absent_file_that_was_named_is_an_error() {
    let error = resolve(&["--config", "/nowhere/jeton.toml"]).unwrap_err();
    assert!(error.to_string().contains("/nowhere/jeton.toml"), "{error}");
}

#[test]
fn settings_must_agree_with_each_other() {
    for (arguments, says) in [
        (
            &["--max-connections=0"][..],
            "max_connections is at least 1",
        ),
        (&["--max-header-bytes=100"], "at least 8192"),
        (&["--max-target-bytes=99999"], "at most max_header_bytes"),
        (&["--idle-timeout=0"], "idle_timeout is at least 1s"),
        (&["--usage-flush-interval=0s"], "usage_flush_interval"),
    ] {
        let error = resolve(arguments).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

/// TLS-01
#[test]
fn plain_http_is_only_for_this_machine_a_declared_proxy_or_who_says_so() {
    const FREE: &str = "--allow-plain-http-from-anywhere";
    const HTTPS: &str = "--issuer=https://as.test";
    for (arguments, allowed) in [
        (&["--listen=127.0.0.1:80"][..], true),
        (&["--listen=[::1]:80"], true),
        (&["--listen=127.0.0.1:80", HTTPS], true),
        (&["--listen=10.0.0.1:80"], false),
        (&["--listen=10.0.0.1:80", HTTPS], false),
        (
            &["--listen=10.0.0.1:80", HTTPS, "--behind-proxy=10.0.0.2"],
            true,
        ),
        (
            &[
                "--listen=0.0.0.0:80",
                HTTPS,
                "--behind-proxy=10.0.0.0/8,::1",
            ],
            true,
        ),
        (&["--listen=0.0.0.0:80", "--behind-proxy=10.0.0.0/8"], false),
        (&["--listen=10.0.0.1:80", FREE], true),
        (
            &[
                "--listen=10.0.0.1:80",
                "--allow-plain-http-from-anywhere=false",
            ],
            false,
        ),
        (&["--listen=0.0.0.0:80", FREE], false),
        (&["--operator-listen=10.0.0.1:80"], false),
        (&["--operator-listen=127.0.0.1:8080"], false),
        (&["--issuer=http://as.test"], false),
        (
            &["--issuer=http://as.test", "--behind-proxy=127.0.0.1"],
            false,
        ),
        (&["--issuer=http://as.test", FREE], true),
        (&["--issuer=http://localhost:8080"], true),
        (&["--issuer=http://127.0.0.9"], true),
        (&["--issuer=http://[::1]:1"], true),
        (&["--issuer=http://localhost.test"], false),
        (&["--console-url=https://console.test"], true),
        (&["--console-url=http://127.0.0.1:8081"], true),
        (&["--console-url=http://console.test"], false),
        (&["--console-url=http://console.test", FREE], true),
    ] {
        let checked = resolve(arguments).unwrap().check_listening();
        assert_eq!(checked.is_ok(), allowed, "{arguments:?}: {checked:?}");
    }
    let refused = resolve(&["--listen=10.0.0.1:80"])
        .unwrap()
        .check_listening();
    let message = refused.unwrap_err().to_string();
    for way in ["127.0.0.1:8080", "--behind-proxy", FREE] {
        assert!(message.contains(way), "{message}");
    }
}

#[test]
fn the_issuer_is_made_from_the_address_unless_it_is_set() {
    let address = "127.0.0.1:4321".parse().unwrap();
    let unset = resolve(&[]).unwrap();
    let set = resolve(&["--issuer", "https://as.test/x"]).unwrap();

    assert_eq!(unset.issuer_at(address).as_str(), "http://127.0.0.1:4321");
    assert_eq!(set.issuer_at(address).as_str(), "https://as.test/x");
}

#[test]
fn the_master_key_lies_in_the_data_directory_unless_it_is_named() {
    let file_of = |arguments: &[&str]| match resolve(arguments).unwrap().master_key {
        MasterKeySource::File(path) => path,
        MasterKeySource::Credential(_) | MasterKeySource::Given(_) => PathBuf::new(),
    };
    assert_eq!(file_of(&["--data=/d"]), Path::new("/d/master.key"));
    assert_eq!(
        file_of(&["--data=/d", "--master-key-file=/k"]),
        Path::new("/k")
    );
}
