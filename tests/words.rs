//! A lexer for Rust: it tells code, comments and strings apart.

/// A word, a `::` or any other sign.
#[derive(Clone, Debug)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A part of a source text that is code, a comment or a string.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    pub kind: PieceKind,
    pub text: &'a str,
    /// The line in which it begins.
    pub line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    Code,
    Comment,
    /// A string or a character.
    String,
}

impl Token {
    pub fn is_word(&self) -> bool {
        self.text.starts_with(is_part)
    }
}

/// Returns all identifiers and keywords of the code in `text`, in order.
pub fn words(text: &str) -> impl Iterator<Item = String> {
    tokens(text).into_iter().filter(Token::is_word).map(|token| token.text)
}

/// Returns all words and signs of the code in `text`, in order.
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

/// Returns the text with a space for each comment, string and character. Line ends are kept.
fn code(text: &str) -> String {
    replace(text, |skipped| format!(" {}", "\n".repeat(skipped.matches('\n').count())))
}

/// Returns the text with `""` for each string and character. Line ends are kept.
pub fn without_strings(text: &str) -> String {
    replace(text, |skipped| match skipped.starts_with('/') {
        true => skipped.into(),
        false => format!("\"{}\"", "\n".repeat(skipped.matches('\n').count())),
    })
}

/// Returns the text with something else for each comment, string and character.
fn replace(text: &str, with: impl Fn(&str) -> String) -> String {
    let replaced = |piece: Piece<'_>| match piece.kind {
        PieceKind::Code => piece.text.to_string(),
        PieceKind::Comment | PieceKind::String => with(piece.text),
    };
    pieces(text).into_iter().map(replaced).collect()
}

/// Returns the code, comments and strings of a text, in order.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut cut = Cut { text, done: 0, line: 1, found: Vec::new() };
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let skipped = match letter {
            '/' => comment(rest),
            '"' => string(rest),
            'r' | 'b' | 'c' if !text[..at].ends_with(is_part) => prefixed_string(rest),
            '\'' => character(rest),
            _ => None,
        };
        match skipped {
            Some(length) => {
                cut.to(at, PieceKind::Code);
                at += length;
                let is_comment = letter == '/';
                cut.to(at, if is_comment { PieceKind::Comment } else { PieceKind::String });
            }
            None => at += letter.len_utf8(),
        }
    }
    cut.to(at, PieceKind::Code);
    cut.found
}

/// A text that has been cut into pieces up to `done`.
struct Cut<'a> {
    text: &'a str,
    done: usize,
    line: usize,
    found: Vec<Piece<'a>>,
}

impl Cut<'_> {
    /// Adds the piece that ends here.
    fn to(&mut self, end: usize, kind: PieceKind) {
        let text = &self.text[self.done..end];
        if !text.is_empty() {
            self.found.push(Piece { kind, text, line: self.line });
        }
        self.line += text.matches('\n').count();
        self.done = end;
    }
}

/// Returns the length of the comment that `text` begins with.
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

/// Returns the length of the string that `text` begins with, quotes included.
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

/// Returns the length of a string with a prefix: `r".."`, `r#".."#`, `b".."`, `c".."` or a mixture.
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

/// Returns the length of the character that `text` begins with, or `None` for a lifetime.
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
fn words_in_comments_and_strings_do_not_count() {
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
fn tokens_have_the_lines_they_are_in() {
    let found = tokens("use a::b; /* \n */ let x = \"\n\n\";\n'y'; z");
    let found: Vec<_> = found.iter().map(|token| (token.text.as_str(), token.line)).collect();
    let first = [("use", 1), ("a", 1), ("::", 1), ("b", 1), (";", 1)];
    let rest = [("let", 2), ("x", 2), ("=", 2), (";", 4), (";", 5), ("z", 5)];
    assert_eq!(found, [&first[..], &rest].concat());
}

#[test]
fn pieces_are_the_whole_text() {
    let text = "use a; // b\nlet c = \"d\\\"\"; /* e\n */ let f = 'g';";
    let found = pieces(text);
    assert_eq!(found.iter().map(|piece| piece.text).collect::<String>(), text);
    let of = |kind| found.iter().filter(move |it| it.kind == kind).map(|it| (it.text, it.line));
    assert!(of(PieceKind::Comment).eq([("// b", 1), ("/* e\n */", 2)]));
    assert!(of(PieceKind::String).eq([("\"d\\\"\"", 2), ("'g'", 3)]));
}
