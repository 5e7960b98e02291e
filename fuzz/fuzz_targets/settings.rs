//! F10: the settings file. Whatever is taken is TOML to another reader too, has no name that is no setting, means the
//! same when it is written anew, and lets nobody read along; a mistake is said to be where the file has a place.

#![no_main]

use std::{collections::BTreeSet, fs, path::PathBuf, sync::LazyLock};

use jeton::config::{Config, ConfigError, Place, PlainHttp, Settings};

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::temp_dir().join(format!("jeton-fuzz-settings-{}.toml", std::process::id()))
});

/// The names of all settings, as the type itself shows them.
static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let shown = format!("{:?}", Settings::default());
    let names = shown
        .split([' ', '{'])
        .filter_map(|word| word.strip_suffix(':'));
    names.map(str::to_owned).collect()
});

jeton_fuzz::target!(|data| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // What stands on standard input is no matter of the file.
    if text.contains("master_key_file") && text.contains('-') {
        return;
    }
    match resolve(text) {
        Ok(config) => check(text, &config),
        Err(error) => complain(text, &error),
    }
});

fn resolve(text: &str) -> Result<Config, ConfigError> {
    fs::write(&*FILE, text).expect("there is room for a small file");
    let place = Place {
        config: Some(FILE.clone()),
        ..Place::default()
    };
    Config::resolve(place, Settings::default())
}

fn check(text: &str, config: &Config) {
    let table: toml::Table = text.parse().expect("whatever is taken is TOML");
    for name in table.keys() {
        assert!(NAMES.contains(name), "{name} is no setting");
    }
    let anew = toml::to_string(&table).expect("a table can be written");
    let again = resolve(&anew).unwrap_or_else(|error| panic!("{error}: {anew}"));
    assert_eq!(format!("{config:?}"), format!("{again:?}"));
    let settings: Settings = toml::from_str(text).expect("it was taken before");
    let shown = format!("{settings:?}");
    assert_eq!(
        format!("{:?}", settings.clone().or(Settings::default())),
        shown
    );
    assert_eq!(format!("{:?}", Settings::default().or(settings)), shown);
    if config.check_listening().is_ok() {
        let is_open = config.plain_http == PlainHttp::FromAnywhere
            || config.tls.is_spoken()
            || !config.behind_proxy.is_empty();
        assert!(is_open || config.listen.ip().is_loopback(), "{text}");
        let operator = config.operator_listen;
        assert!(
            is_open || operator.is_none_or(|it| it.ip().is_loopback()),
            "{text}"
        );
    }
}

fn complain(text: &str, error: &ConfigError) {
    let message = error.to_string();
    assert!(
        !message.is_empty() && message.lines().count() == 1,
        "{message}"
    );
    if let ConfigError::Mistake { line, column, .. } = error {
        let lines: Vec<&str> = text.split('\n').collect();
        let there = lines
            .get(line - 1)
            .unwrap_or_else(|| panic!("no line {line}"));
        assert!(*column <= there.chars().count() + 1, "{message}");
    }
}
