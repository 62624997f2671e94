//! The words of a source text that are code: neither in comments nor in strings.

/// A word, a `::` or any other sign.
#[derive(Clone, Debug)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

impl Token {
    pub fn is_word(&self) -> bool {
        self.text.starts_with(is_part)
    }
}

/// All identifiers and keywords in `text`, in order.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    tokens(text).into_iter().filter(Token::is_word).map(|token| token.text)
}

/// All words and signs in `text`, in order.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    for (line, code) in code(text).lines().enumerate() {
        let mut rest = code.trim_start();
        while !rest.is_empty() {
            let length = match rest.find(|letter| !is_part(letter)) {
                None => rest.len(),
                Some(0) if rest.starts_with("::") => 2,
                Some(0) => rest.chars().next().unwrap().len_utf8(),
                Some(length) => length,
            };
            found.push(Token { text: rest[..length].into(), line: line + 1 });
            rest = rest[length..].trim_start();
        }
    }
    found
}

fn is_part(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The text with each comment, string and character replaced by a space and the ends of its lines.
fn code(text: &str) -> String {
    replace(text, |skipped| format!(" {}", "\n".repeat(skipped.matches('\n').count())))
}

/// The text with each string and character replaced by `""`, and the ends of its lines kept.
pub fn without_strings(text: &str) -> String {
    replace(text, |skipped| match skipped.starts_with('/') {
        true => skipped.into(),
        false => format!("\"{}\"", "\n".repeat(skipped.matches('\n').count())),
    })
}

/// The text with something else for each comment, string and character.
fn replace(text: &str, with: impl Fn(&str) -> String) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let follows_word = code.ends_with(is_part);
        let skipped = match letter {
            '/' => comment(rest),
            '"' => string(rest),
            'r' | 'b' | 'c' if !follows_word => prefixed_string(rest),
            '\'' => character(rest),
            _ => None,
        };
        match skipped {
            Some(length) => {
                code.push_str(&with(&rest[..length]));
                rest = &rest[length..];
            }
            None => {
                code.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    code
}

/// The length of the comment that `text` begins with.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if !text.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match text.get(at..at + 2) {
            Some("/*") => (depth, at) = (depth + 1, at + 2),
            Some("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return Some(at);
        }
    }
    Some(text.len())
}

/// The length of the string that `text` begins with, quotes included.
fn string(text: &str) -> Option<usize> {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => _ = letters.next(),
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

/// The same for `r".."`, `r#".."#`, `b".."`, `c".."` and their mixtures.
fn prefixed_string(text: &str) -> Option<usize> {
    let prefix = text.len() - text.trim_start_matches(['r', 'b', 'c']).len();
    let is_raw = text[..prefix].contains('r');
    let hashes = text[prefix..].len() - text[prefix..].trim_start_matches('#').len();
    let quote = prefix + hashes;
    if prefix > 2 || !text[quote..].starts_with('"') || (hashes > 0 && !is_raw) {
        return None;
    }
    if !is_raw {
        return Some(prefix + string(&text[prefix..])?);
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = &text[quote + 1..];
    Some(quote + 1 + inside.find(&end)? + end.len())
}

/// The length of the character that `text` begins with; none when it is a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut letters = text.char_indices().skip(1);
    match letters.next()?.1 {
        '\\' => {
            letters.next()?;
            letters.find(|(_, letter)| *letter == '\'').map(|(at, _)| at + 1)
        }
        _ => letters.next().filter(|(_, letter)| *letter == '\'').map(|(at, _)| at + 1),
    }
}

#[test]
fn comments_and_strings_are_no_words() {
    let text = r####"
        //! unsafe
        fn f<'a>(x: &'a str) -> char { // unsafe
            /* unsafe /* unsafe */ unsafe */
            let _ = ("unsafe \" unsafe", r#"unsafe " unsafe"#, b"unsafe", '"', '\'', b'"');
            let unsafe_code = r"unsafe\"; yes
        }
    "####;
    let words: Vec<_> = words(text).collect();
    assert!(!words.contains(&"unsafe".to_string()), "{words:?}");
    assert!(words.ends_with(&["unsafe_code".to_string(), "yes".to_string()]), "{words:?}");
    assert!(self::words("pub unsafe fn").any(|word| word == "unsafe"));
}

#[test]
fn tokens_know_their_lines() {
    let found = tokens("use a::b; /* \n */ let x = \"\n\n\";\n'y'; z");
    let found: Vec<_> = found.iter().map(|token| (token.text.as_str(), token.line)).collect();
    let first = [("use", 1), ("a", 1), ("::", 1), ("b", 1), (";", 1)];
    let rest = [("let", 2), ("x", 2), ("=", 2), (";", 4), (";", 5), ("z", 5)];
    assert_eq!(found, [&first[..], &rest].concat());
}
