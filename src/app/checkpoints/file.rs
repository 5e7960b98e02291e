//! The file of checkpoints: lines are appended to it, and nothing else is ever done to it.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::{
    crypto::statement::StatementKey,
    domain::checkpoint::{Checkpoint, CheckpointError, LONGEST_LINE},
};

/// A file of checkpoints, one a line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CheckpointFile(PathBuf);

/// Why a file of checkpoints says nothing.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointFileError {
    /// There is no such file.
    #[error("there is no file of checkpoints {}", .0.display())]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("cannot read the checkpoints in {}: {error}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A line of it is no checkpoint of this server.
    #[error("{}, {line}: {error}", .path.display())]
    Line {
        /// Which.
        path: PathBuf,
        /// Which line.
        line: String,
        /// What is wrong with it.
        error: CheckpointError,
    },
}

impl CheckpointFile {
    /// The one at `path`, whether it is there or not.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Puts a line at its end; durable when it returns. What a crash left of the line before stays apart.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn append(&self, line: &str) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.0)?;
        let mut text = format!("{line}\n");
        if !ends_a_line(&mut file)? {
            text.insert(0, '\n');
        }
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }

    /// The newest checkpoint in it; nothing if it is empty, or not there.
    ///
    /// # Errors
    /// See [`CheckpointFileError`].
    pub fn newest(&self, key: &StatementKey) -> Result<Option<Checkpoint>, CheckpointFileError> {
        let mut file = match File::open(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| self.unreadable(error))?,
        };
        let tail = tail(&mut file).map_err(|error| self.unreadable(error))?;
        let whole = tail.rfind('\n').map_or("", |end| &tail[..end]);
        let Some(line) = whole.lines().rev().find(|line| is_checkpoint_like(line)) else {
            return Ok(None);
        };
        let parsed = Checkpoint::parse(line, key);
        parsed
            .map(Some)
            .map_err(|error| self.wrong("the last line".to_owned(), error))
    }

    /// Hands `take` its lines, with their numbers, but for what a crash left half written.
    ///
    /// # Errors
    /// See [`CheckpointFileError`]; and those of `take`.
    pub fn each<E: From<CheckpointFileError>>(
        &self,
        mut take: impl FnMut(usize, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let file = File::open(&self.0).map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound {
                CheckpointFileError::Missing(self.0.clone())
            } else {
                self.unreadable(error)
            }
        })?;
        let mut lines = BufReader::new(file);
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let mut limited = lines.by_ref().take(LONGEST_LINE as u64 + 2);
            let read = limited.read_until(b'\n', &mut line);
            if read.map_err(|error| self.unreadable(error))? == 0 {
                break;
            }
            let Some(whole) = line.strip_suffix(b"\n") else {
                if line.len() <= LONGEST_LINE {
                    // The end, and not a whole line.
                    break;
                }
                return Err(self.wrong_line(number, CheckpointError::Malformed).into());
            };
            let text = String::from_utf8_lossy(whole);
            if is_checkpoint_like(&text) {
                take(number, &text)?;
            }
        }
        Ok(())
    }

    /// What is wrong with a line of it.
    pub fn wrong_line(&self, number: usize, error: CheckpointError) -> CheckpointFileError {
        self.wrong(format!("line {number}"), error)
    }

    fn wrong(&self, line: String, error: CheckpointError) -> CheckpointFileError {
        CheckpointFileError::Line {
            path: self.0.clone(),
            line,
            error,
        }
    }

    fn unreadable(&self, error: io::Error) -> CheckpointFileError {
        CheckpointFileError::Unreadable {
            path: self.0.clone(),
            error,
        }
    }
}

/// Whether it is more than nothing, and more than what a crash left of a line before another was begun.
fn is_checkpoint_like(line: &str) -> bool {
    let is_torn = line.starts_with('{') && !line.ends_with('}');
    !line.is_empty() && !is_torn
}

fn ends_a_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// The last few lines.
fn tail(file: &mut File) -> io::Result<String> {
    let length = file.seek(SeekFrom::End(0))?;
    let back = length.min(4 * LONGEST_LINE as u64);
    file.seek(SeekFrom::End(-i64::try_from(back).unwrap_or(0)))?;
    let mut bytes = Vec::new();
    file.take(back).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::domain::{id::Revision, time::Timestamp};

    fn checkpoint(seq: u64) -> Checkpoint {
        Checkpoint {
            epoch: 1,
            seq,
            mac: [5; 32],
            time: Timestamp(1_800_000_000),
            revision: Revision(seq),
            tokens: None,
        }
    }

    fn read(file: &CheckpointFile) -> Result<Vec<String>, CheckpointFileError> {
        let mut lines = Vec::new();
        file.each(|_, line| {
            lines.push(line.to_owned());
            Ok::<_, CheckpointFileError>(())
        })?;
        Ok(lines)
    }

    #[test]
    fn lines_are_added_at_the_end_and_the_last_is_the_newest() {
        let directory = TempDir::new().unwrap();
        let file = CheckpointFile::at(&directory.path().join("checkpoints"));
        let key = StatementKey::from_seed(&[7; 32]);
        assert_eq!(file.newest(&key).unwrap(), None);
        assert!(matches!(read(&file), Err(CheckpointFileError::Missing(_))));

        for seq in 1..=40 {
            file.append(&checkpoint(seq).to_line(&key)).unwrap();
        }

        assert_eq!(file.newest(&key).unwrap(), Some(checkpoint(40)));
        assert_eq!(read(&file).unwrap().len(), 40);
        let other = StatementKey::from_seed(&[8; 32]);
        assert!(file.newest(&other).is_err());
    }

    #[test]
    fn what_a_crash_left_of_a_line_is_no_checkpoint_and_spoils_none() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("checkpoints");
        let file = CheckpointFile::at(&path);
        let key = StatementKey::from_seed(&[7; 32]);
        let (first, second) = (checkpoint(1).to_line(&key), checkpoint(2).to_line(&key));
        for torn in [1, 20, second.len() - 1] {
            std::fs::write(&path, format!("{first}\n{}", &second[..torn])).unwrap();
            assert_eq!(file.newest(&key).unwrap(), Some(checkpoint(1)), "{torn}");
            assert_eq!(read(&file).unwrap(), [first.as_str()]);

            file.append(&second).unwrap();

            assert_eq!(file.newest(&key).unwrap(), Some(checkpoint(2)), "{torn}");
            assert_eq!(read(&file).unwrap(), [first.as_str(), second.as_str()]);
        }
    }

    #[test]
    fn a_file_that_is_something_else_is_refused() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("checkpoints");
        let file = CheckpointFile::at(&path);
        let key = StatementKey::from_seed(&[7; 32]);
        std::fs::write(&path, "hello\n").unwrap();
        let error = file.newest(&key).unwrap_err().to_string();
        assert!(
            error.ends_with("the last line: it is not a checkpoint"),
            "{error}"
        );
        std::fs::write(&path, vec![b'x'; 9000]).unwrap();
        let error = read(&file).unwrap_err().to_string();
        assert!(error.ends_with("line 1: it is not a checkpoint"), "{error}");
    }

    #[test]
    fn nothing_stands_between_the_lines() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("checkpoints");
        let file = CheckpointFile::at(&path);
        for line in ["a", "b", "c"] {
            file.append(line).unwrap();
        }

        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\nc\n");
    }

    #[test]
    fn the_newest_is_found_before_the_longest_of_torn_lines() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("checkpoints");
        let file = CheckpointFile::at(&path);
        let key = StatementKey::from_seed(&[7; 32]);
        let torn = "{".repeat(LONGEST_LINE);
        let text = format!("{}\n{torn}\n{torn}", checkpoint(1).to_line(&key));
        std::fs::write(&path, text).unwrap();

        assert_eq!(file.newest(&key).unwrap(), Some(checkpoint(1)));
    }

    #[test]
    fn a_file_that_cannot_be_reached_is_not_taken_for_none() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("checkpoints");
        std::fs::write(&path, "").unwrap();
        let key = StatementKey::from_seed(&[7; 32]);

        let below = CheckpointFile::at(&path.join("below")).newest(&key);

        assert!(matches!(below, Err(CheckpointFileError::Unreadable { .. })));
    }
}
