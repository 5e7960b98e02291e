use std::{collections::BTreeSet, fs, path::Path};

use super::FIELDS;

#[test]
fn every_field_of_the_log_has_its_name_in_the_list() {
    let listed: BTreeSet<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    let mut strangers = Vec::new();
    for (path, source) in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))) {
        for field in fields(&source) {
            if !listed.contains(field.as_str()) {
                strangers.push(format!("{path}: {field}"));
            }
        }
    }
    assert!(
        strangers.is_empty(),
        "not in telemetry::FIELDS: {strangers:#?}"
    );
}

#[test]
fn the_list_is_sorted_and_says_each_name_once() {
    let names: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
}

#[test]
fn fields_are_found_wherever_they_are_written() {
    let source = r#"
        info!(client.id = %client, reason = %why(a, b), "refused {client}: {reason}");
        tracing::warn!(?error, count, "text, with = signs");
        let span = info_span!("request", method = %m, status = tracing::field::Empty);
        span.record("status", 200);
        #[tracing::instrument(skip_all, fields(api = %api))]
        debug!("nothing {here} {}", self.name);
        error!(parent: &span, target: "x", revision = 1; "never");
    "#;
    assert_eq!(
        fields(source),
        [
            "client.id",
            "reason",
            "error",
            "count",
            "method",
            "status",
            "status",
            "api",
            "revision"
        ]
    );
}

fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !path.ends_with("tests.rs")
        {
            let source = fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), source));
        }
    }
    found
}

/// The names of fields in the tracing macros of `source`.
fn fields(source: &str) -> Vec<String> {
    const MACROS: [&str; 11] = [
        "trace!(",
        "debug!(",
        "info!(",
        "warn!(",
        "error!(",
        "event!(",
        "trace_span!(",
        "debug_span!(",
        "info_span!(",
        "warn_span!(",
        "error_span!(",
    ];
    let mut found = Vec::new();
    for opening in MACROS.into_iter().chain([".record(", "fields("]) {
        for (at, _) in source.match_indices(opening) {
            let before = source[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') && opening != ".record(" {
                continue;
            }
            let arguments = arguments(&source[at + opening.len()..]);
            let arguments = arguments.iter();
            if opening == ".record(" {
                found.extend(arguments.take(1).filter_map(|a| quoted(a)).map(|n| (at, n)));
            } else if opening.contains("_span!") {
                found.extend(arguments.filter_map(|a| name(a)).map(|n| (at, n)));
            } else {
                let before_the_message = arguments.take_while(|a| !a.trim().starts_with('"'));
                found.extend(before_the_message.filter_map(|a| name(a)).map(|n| (at, n)));
            }
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, name)| name).collect()
}

/// What stands between commas up to the closing bracket, texts emptied.
fn arguments(source: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let mut depth = 0;
    let mut in_text = false;
    let mut escaped = false;
    for c in source.chars() {
        if in_text {
            in_text = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else {
            match c {
                '"' => in_text = true,
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => break,
                ')' | ']' | '}' => depth -= 1,
                ',' | ';' if depth == 0 => {
                    arguments.push(String::new());
                    continue;
                }
                _ => {}
            }
        }
        arguments.last_mut().unwrap().push(c);
    }
    arguments
}

/// The field that an argument of a macro names, if it does.
fn name(argument: &str) -> Option<String> {
    let argument = argument.trim();
    if argument.contains("::Level") || argument.starts_with('"') {
        return None;
    }
    let name = match argument.split_once('=') {
        Some((name, _)) => name.trim(),
        None => argument.trim_start_matches(['?', '%']),
    };
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_');
    (!name.is_empty() && name.chars().all(is_name)).then(|| name.to_owned())
}

fn quoted(argument: &str) -> Option<String> {
    let text = argument.trim().strip_prefix('"')?;
    Some(text.strip_suffix('"')?.to_owned())
}
