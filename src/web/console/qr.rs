//! A QR code as SVG, for the authenticator app to scan.

use std::fmt::{self, Write};

use askama::filters::HtmlSafe;
use qrcodegen::{QrCode, QrCodeEcc};

/// Squares that mean a text. Whoever sees them knows the text.
pub(super) struct Qr(String);

impl HtmlSafe for Qr {}

impl fmt::Display for Qr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The clear space around the squares that readers need, in squares.
const QUIET: i32 = 4;

impl Qr {
    /// Means `text`, which is short enough for one.
    pub(super) fn of(text: &str, label: &str) -> Option<Self> {
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            for x in 0..code.size() {
                if code.get_module(x, y) {
                    let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
                }
            }
        }
        let size = code.size() + 2 * QUIET;
        Some(Self(format!(
            r##"<svg class="qr" viewBox="0 0 {size} {size}" role="img" aria-label="{label}" shape-rendering="crispEdges"><rect width="{size}" height="{size}" fill="#fff"/><path d="{path}" fill="#000"/></svg>"##
        )))
    }
}
