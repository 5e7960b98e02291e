//! `--secret-file`: a file that holds a client's secret afterwards, whoever chose it.

use std::{
    convert::Infallible,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use zeroize::Zeroizing;

use super::failure::{Exit, Failure};
use crate::domain::secret::{LONGEST, public_id};

/// A file as it was named.
#[derive(Clone, Debug)]
pub(crate) struct SecretFile(PathBuf);

/// A file that is ready: it has a secret, or takes one.
pub(crate) enum Prepared {
    /// It was there, with a secret that somebody chose.
    Chosen(Zeroizing<String>),
    /// It was made for the new secret, and is removed unless one is kept in it.
    New(Reserved),
}

impl SecretFile {
    /// Which.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the file, or makes it: before the server is asked, so that no secret is lost for want of
    /// a place.
    pub(crate) fn prepare(&self) -> Result<Prepared, Failure> {
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.0);
        match made {
            Ok(file) => Ok(Prepared::New(Reserved {
                file,
                path: self.0.clone(),
                kept: false,
            })),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                read_secret(&self.0).map(Prepared::Chosen)
            }
            Err(error) => Err(Failure::file(&self.0, &error)),
        }
    }

    /// As [`SecretFile::prepare`], for a client that has a secret already: one made by Jeton is
    /// most likely that one, and no new secret.
    pub(crate) fn prepare_for_rotation(&self) -> Result<Prepared, Failure> {
        let prepared = self.prepare()?;
        if let Prepared::Chosen(text) = &prepared
            && let Some(id) = public_id(text)
        {
            return Err(Failure::refused(
                "secret-file",
                format!(
                    "{} holds the secret jtn_{id} already: name a file that does not exist, and the \
                     new secret is written to it",
                    self.0.display()
                ),
            ));
        }
        Ok(prepared)
    }
}

impl FromStr for SecretFile {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(PathBuf::from(text)))
    }
}

impl Prepared {
    /// The secret that the file had, if it had one.
    pub(crate) fn chosen(&self) -> Option<&str> {
        match self {
            Self::Chosen(text) => Some(text),
            Self::New(_) => None,
        }
    }

    /// Writes the new secret, if the file is to have it.
    pub(crate) fn keep(self, secret: Option<&str>) -> Result<(), Failure> {
        match (self, secret) {
            (Self::Chosen(_), _) => Ok(()),
            (Self::New(reserved), Some(secret)) => reserved.keep(secret),
            (Self::New(_), None) => Err(Failure::refused(
                "foreign-answer",
                "the server's answer has no secret in it",
            )),
        }
    }
}

/// An empty file that waits for a secret.
pub(crate) struct Reserved {
    file: File,
    path: PathBuf,
    kept: bool,
}

impl Reserved {
    fn keep(mut self, secret: &str) -> Result<(), Failure> {
        let line = Zeroizing::new(format!("{secret}\n"));
        let written = self
            .file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_all());
        written.map_err(|error| {
            Failure::refused(
                "secret-file",
                format!(
                    "the secret was made, but could not be written to {}: {error}. Make another \
                     with `jeton secret rotate`",
                    self.path.display()
                ),
            )
        })?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.kept {
            let _gone = fs::remove_file(&self.path);
        }
    }
}

/// The secret in a file (`-`: the standard input), without the line break at its end.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = if path == Path::new("-") {
        io::stdin().take(MOST_BYTES).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(MOST_BYTES).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::file(path, &error))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(Failure::new(
            Exit::Refused,
            "secret-file",
            format!(
                "{} is empty: write a secret into it, or remove it to have a new one written there",
                path.display()
            ),
        ));
    }
    Ok(text)
}

/// More than the longest secret, so that one that is too long is refused and not cut.
const MOST_BYTES: u64 = LONGEST as u64 + 16;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_line_break_is_left_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        for (content, secret) in [
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            (" a ", " a "),
        ] {
            fs::write(&path, content).unwrap();
            assert_eq!(read_secret(&path).unwrap().as_str(), secret);
        }
        fs::write(&path, "\n").unwrap();
        assert!(read_secret(&path).unwrap_err().message.contains("is empty"));
    }

    #[test]
    fn a_new_file_is_for_its_owner_alone_and_goes_unless_it_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let file = SecretFile(path.clone());

        drop(file.prepare().unwrap());
        assert!(!path.exists());

        file.prepare().unwrap().keep(Some("secret")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "secret\n");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(file.prepare().unwrap().chosen(), Some("secret"));
    }
}
