//! A file under another name until it is whole.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::crypto::random::Entropy;

/// A file that is being made. Removed when dropped, unless it was published.
pub(super) struct Partial(pub(super) PathBuf);

impl Partial {
    /// A name beside `path` that nothing has.
    pub(super) fn beside(path: &Path, entropy: &Entropy) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let tail = entropy.lower_base32(8);
        Self(path.with_file_name(format!("{name}.{tail}.partial")))
    }

    /// Gives it the name `path`, unless there is such a file; durable when it returns.
    pub(super) fn publish(&self, path: &Path) -> io::Result<()> {
        File::open(&self.0)?.sync_all()?;
        match fs::hard_link(&self.0, path) {
            Err(error) if has_no_links(&error) && fs::symlink_metadata(path).is_err() => {
                fs::rename(&self.0, path)?;
            }
            linked => linked?,
        }
        sync_directory(path)
    }
}

/// Some file systems have no hard links.
fn has_no_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
    )
}

/// Makes the names in the directory of `path` durable.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    File::open(directory)?.sync_all()
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already if it was renamed; if it cannot be removed, it is in nobody's way.
        fs::remove_file(&self.0).ok();
    }
}
