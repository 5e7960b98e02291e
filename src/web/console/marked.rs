//! Texts as markup: sentences with code in them, and long words that a narrow page may break.

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
                code(part, &mut html);
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

/// Code, in which no line ends within an option such as `--jq`.
fn code(text: &str, html: &mut String) {
    for word in text.split_inclusive(' ') {
        if word.starts_with('-') {
            html.push_str("<span class=\"flag\">");
            escape(word, html);
            html.push_str("</span>");
        } else {
            escape(word, html);
        }
    }
}

/// `text` as markup. Its long words may be broken between their parts, and only there: `api.`, `example.`, `com`.
pub(super) fn long(text: impl fmt::Display) -> Marked {
    let mut html = String::new();
    escape(&text.to_string(), &mut html);
    Marked(html)
}

/// A sentence whose first word is code, such as a scope.
pub(super) fn led_by_code(text: &str) -> Marked {
    let (code, rest) = text.split_at(text.find(' ').unwrap_or(text.len()));
    let mut html = String::from("<code>");
    escape(code, &mut html);
    html.push_str("</code>");
    escape(rest, &mut html);
    Marked(html)
}

/// A word that is no longer fits on every line as it is, but for an e-mail address in a narrow column.
const SHORT: usize = 16;

fn escape(text: &str, html: &mut String) {
    for word in text.split_inclusive(' ') {
        let is_long = word.contains('@') || word.trim_end().chars().count() > SHORT;
        let mut letters = word.chars().peekable();
        while let Some(letter) = letters.next() {
            push(letter, html);
            let goes_on = letters
                .peek()
                .is_some_and(|next| !next.is_whitespace() && !joins(*next));
            if is_long && joins(letter) && goes_on {
                html.push_str("<wbr>");
            }
        }
    }
}

/// Whether it stands between the parts of an address or a name.
const fn joins(letter: char) -> bool {
    matches!(
        letter,
        '/' | '.' | ':' | '-' | '_' | '@' | '?' | '&' | '=' | '#' | ',' | '+'
    )
}

fn push(letter: char, html: &mut String) {
    match letter {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        '\'' => html.push_str("&#39;"),
        other => html.push(other),
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
            (
                "`gh api --jq .id`",
                "<code>gh api <span class=\"flag\">--jq </span>.id</code>",
            ),
            ("one ` alone", "one ` alone"),
            ("`a` and ` alone", "<code>a</code> and ` alone"),
            ("\"it’s\" 'so'", "&quot;it’s&quot; &#39;so&#39;"),
        ] {
            assert_eq!(marked(text).to_string(), html, "{text}");
        }
    }

    #[test]
    fn a_long_word_may_be_broken_between_its_parts_and_a_short_one_not_at_all() {
        for (text, html) in [
            ("10.0.4.31", "10.0.4.31"),
            (
                "2001:db8:0:0:1::7",
                "2001:<wbr>db8:<wbr>0:<wbr>0:<wbr>1::<wbr>7",
            ),
            (
                "https://api.example.com/v2/",
                "https://<wbr>api.<wbr>example.<wbr>com/<wbr>v2/",
            ),
            (
                "self_signed_tls_client_auth",
                "self_<wbr>signed_<wbr>tls_<wbr>client_<wbr>auth",
            ),
            (
                "by ana.lima@example.com.",
                "by ana.<wbr>lima@<wbr>example.<wbr>com.",
            ),
            (
                "https://a.example/?a=1&b=<b>",
                "https://<wbr>a.<wbr>example/?<wbr>a=<wbr>1&amp;<wbr>b=<wbr>&lt;b&gt;",
            ),
            ("a@b.example", "a@<wbr>b.<wbr>example"),
            ("client_secret", "client_secret"),
        ] {
            assert_eq!(long(text).to_string(), html, "{text}");
        }
    }

    #[test]
    fn a_scope_at_the_beginning_of_a_sentence_is_code() {
        let words = led_by_code("orders:`<w>` has never been asked for.");

        assert_eq!(
            words.to_string(),
            "<code>orders:`&lt;w&gt;`</code> has never been asked for."
        );
        assert_eq!(led_by_code("").to_string(), "<code></code>");
    }
}
