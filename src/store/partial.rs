//! A file under another name until it is whole.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::crypto::random::Entropy;

/// How a file is given another name beside its own.
trait LinkFiles: FnOnce(&Path, &Path) -> io::Result<()> {}
impl<T: FnOnce(&Path, &Path) -> io::Result<()>> LinkFiles for T {}

/// A file that is being made. Removed when dropped, unless it was published.
#[derive(Debug)]
pub(super) struct Partial(pub(super) PathBuf);

impl Partial {
    /// A name beside `path` that nothing has.
    pub(super) fn beside(path: &Path, entropy: &Entropy) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let tail = entropy.lower_base32(8);
        Self(path.with_file_name(format!("{name}.{tail}{SUFFIX}")))
    }

    /// Gives it the name `path`, unless there is such a file; durable when it returns.
    pub(super) fn publish(&self, path: &Path) -> io::Result<()> {
        self.publish_by(path, |from, to| fs::hard_link(from, to))
    }

    fn publish_by(&self, path: &Path, link: impl LinkFiles) -> io::Result<()> {
        File::open(&self.0)?.sync_all()?;
        match link(&self.0, path) {
            Err(error) if has_no_links(&error) && fs::symlink_metadata(path).is_err() => {
                fs::rename(&self.0, path)?;
            }
            linked => linked?,
        }
        sync_directory(path)
    }
}

/// Gives `partial` the name `path`, whose file is kept as `kept`; durable when it returns. Whether it was kept:
/// some file systems have no hard links, and there is no other way that leaves `path` a file all the time.
pub(super) fn publish_over(partial: &Partial, path: &Path, kept: &Path) -> io::Result<bool> {
    publish_over_by((partial, path, kept), |from, to| fs::hard_link(from, to))
}

fn publish_over_by(
    (partial, path, kept): (&Partial, &Path, &Path),
    link: impl LinkFiles,
) -> io::Result<bool> {
    File::open(&partial.0)?.sync_all()?;
    let is_kept = match link(path, kept) {
        Err(error) if has_no_links(&error) => false,
        linked => linked.map(|()| true)?,
    };
    fs::rename(&partial.0, path)?;
    sync_directory(path)?;
    Ok(is_kept)
}

/// Takes away what is left of files that were being made beside `path` when a process was killed.
pub fn sweep(path: &Path) {
    let directory = directory_of(path);
    let prefix = path.file_name().unwrap_or_default().to_string_lossy();
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let tail = name
            .strip_prefix(&*prefix)
            .and_then(|it| it.strip_suffix(SUFFIX));
        if tail.is_some() && is_abandoned(&entry) {
            // If it cannot be removed, it is in nobody's way.
            fs::remove_file(entry.path()).ok();
        }
    }
}

/// Whether nobody has it open, or has touched it lately.
fn is_abandoned(entry: &fs::DirEntry) -> bool {
    let touched = entry.metadata().and_then(|file| file.modified());
    let age = touched.ok().and_then(|it| it.elapsed().ok());
    let is_free = || File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
    age.is_some_and(|age| age > ABANDONED) && is_free()
}

/// How long nothing happens to a file that nobody makes any more.
const ABANDONED: Duration = Duration::from_mins(10);

/// How the names of files end that are being made.
const SUFFIX: &str = ".partial";

/// Some file systems have no hard links.
fn has_no_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
    )
}

/// Makes the names in the directory of `path` durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// The directory that `path` is in.
pub(super) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already if it was renamed; if it cannot be removed, it is in nobody's way.
        fs::remove_file(&self.0).ok();
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn file(directory: &TempDir, name: &str, age: Duration) -> PathBuf {
        let path = directory.path().join(name);
        fs::write(&path, name).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let now = file.metadata().unwrap().modified().unwrap();
        file.set_modified(now - age).unwrap();
        path
    }

    #[test]
    fn only_what_nobody_makes_any_more_is_swept_away() {
        let directory = TempDir::new().unwrap();
        let old = ABANDONED + Duration::from_mins(1);
        let abandoned = file(&directory, "data.abcdefgh.partial", old);
        let held = file(&directory, "data.bcdefghi.partial", old);
        let lock = File::open(&held).unwrap();
        lock.lock().unwrap();
        let kept = [
            held,
            file(&directory, "data.cdefghij.partial", Duration::ZERO),
            file(&directory, "data.redb", old),
            file(&directory, "other.abcdefgh.partial", old),
        ];

        sweep(&directory.path().join("data"));

        assert!(!abandoned.exists());
        for path in kept {
            assert!(path.exists(), "{}", path.display());
        }
    }

    #[test]
    fn a_file_is_published_once_and_never_over_another() {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("data");
        let partial = |text: &str, seed| {
            let partial = Partial::beside(&path, &Entropy::seeded(seed));
            fs::write(&partial.0, text).unwrap();
            partial
        };
        partial("first", 1).publish(&path).unwrap();
        let second = partial("second", 2);

        let refused = second.publish(&path).unwrap_err();

        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        let kept = directory.path().join("data.kept");
        assert!(publish_over(&second, &path, &kept).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        assert_eq!(fs::read_to_string(&kept).unwrap(), "first");
        let third = partial("third", 3);
        assert!(publish_over(&third, &path, &kept).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "second");
        drop((second, third));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_system_without_links_is_told_from_a_name_that_is_taken() {
        let says = |kind: io::ErrorKind| has_no_links(&kind.into());
        assert!(says(io::ErrorKind::PermissionDenied) && says(io::ErrorKind::Unsupported));
        assert!(!says(io::ErrorKind::AlreadyExists) && !says(io::ErrorKind::NotFound));
    }

    #[test]
    fn where_files_have_one_name_alone_they_are_published_all_the_same() {
        let directory = TempDir::new().unwrap();
        let [path, kept] = ["data", "data.kept"].map(|name| directory.path().join(name));
        let partial = |text: &str| {
            let partial = Partial::beside(&path, &Entropy::seeded(1));
            fs::write(&partial.0, text).unwrap();
            partial
        };
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::Unsupported] {
            let no_links = |_: &Path, _: &Path| Err(io::Error::from(kind));
            fs::remove_file(&path).ok();
            partial("first").publish_by(&path, no_links).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "first");

            let second = partial("second");
            assert_eq!(second.publish_by(&path, no_links).unwrap_err().kind(), kind);
            assert_eq!(fs::read_to_string(&path).unwrap(), "first");
            assert!(!publish_over_by((&second, &path, &kept), no_links).unwrap());
            assert_eq!(fs::read_to_string(&path).unwrap(), "second");
            assert!(!kept.exists());
        }
        let full = |_: &Path, _: &Path| Err(io::Error::from(io::ErrorKind::StorageFull));
        fs::remove_file(&path).unwrap();
        let first = partial("first");
        assert!(first.publish_by(&path, full).is_err());
        assert!(publish_over_by((&first, &path, &kept), full).is_err());
        assert!(!path.exists());
    }
}
