//! Sentences with code in them: what stands between backticks is shown as code.

use std::fmt;

use askama::filters::HtmlSafe;

/// A sentence as markup.
pub(super) struct Marked(String);

impl HtmlSafe for Marked {}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `text` as markup, each pair of backticks around code. Everything else of it is text.
pub(super) fn marked(text: impl AsRef<str>) -> Marked {
    let parts: Vec<&str> = text.as_ref().split('`').collect();
    let mut html = String::with_capacity(text.as_ref().len());
    for (n, part) in parts.iter().enumerate() {
        let is_inside = n % 2 == 1;
        let is_closed = n + 1 < parts.len();
        match (is_inside, is_closed) {
            (false, _) => escape(part, &mut html),
            (true, true) => {
                html.push_str("<code>");
                escape(part, &mut html);
                html.push_str("</code>");
            }
            (true, false) => {
                html.push('`');
                escape(part, &mut html);
            }
        }
    }
    Marked(html)
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code_and_nothing_is_markup_by_itself() {
        for (text, html) in [
            ("", ""),
            ("Such as `7d`.", "Such as <code>7d</code>."),
            ("`a` and `b`", "<code>a</code> and <code>b</code>"),
            ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
            ("one ` alone", "one ` alone"),
            ("`a` and ` alone", "<code>a</code> and ` alone"),
            ("\"it’s\" 'so'", "&quot;it’s&quot; &#39;so&#39;"),
        ] {
            assert_eq!(marked(text).to_string(), html, "{text}");
        }
    }
}
