//! [`parse`]: reads a whole head with `httparse`, and refuses what `httparse`
//! accepts but a server must not (RFC 9112, sections 3 and 6).

use httparse::{EMPTY_HEADER, Error, Header};

use super::{
    Asked, Refusal, Reply, Request, Status,
    body::{BodyLength, Chunked},
    incoming::FIELDS_LIMIT,
};

/// The result of reading a head.
pub enum Parsed {
    /// A request, and the length of its body. If `expects` is set, the client
    /// sends the body after `100 Continue`.
    Whole { request: Request, body: BodyLength, expects: bool },
    /// A request that is answered at once. The connection is closed after it.
    Last(Request),
}

/// Reads a head, the empty line at its end included.
pub fn parse(head: &[u8]) -> Parsed {
    let mut headers = [EMPTY_HEADER; FIELDS_LIMIT];
    let mut parsed = httparse::Request::new(&mut headers);
    let is_whole = match parsed.parse(head) {
        Ok(status) => status.is_complete(),
        Err(error) => {
            return Parsed::Last(Request::last(malformed(error, head)));
        }
    };
    let (Some(method), Some(target), Some(version), true) =
        (parsed.method, parsed.path, parsed.version, is_whole)
    else {
        let why = "a request is `METHOD target HTTP/1.1`, and fields";
        return Parsed::Last(Request::last(Refusal::bad(why)));
    };
    let fields = Fields(parsed.headers);
    let reply = Reply {
        is_head_only: method == "HEAD",
        is_http_1_0: version == 0,
        keep_alive: fields.keep_alive(version),
    };
    let read = || {
        let body = fields.body(version)?;
        fields.check_host(version)?;
        let expects = fields.expects(version)? && !body.is_empty();
        Ok((body, expects))
    };
    let (body, expects) = match read() {
        Ok(it) => it,
        Err(refusal) => return last(reply, refusal),
    };
    match check_method(method) {
        // The client may or may not send the body that it asked about.
        Err(refusal) if expects => last(reply, refusal),
        Err(refusal) => {
            let request = Request { reply, asked: Err(refusal) };
            Parsed::Whole { request, body, expects }
        }
        Ok(()) => {
            let request = Request { reply, asked: Ok(fields.asked(target)) };
            Parsed::Whole { request, body, expects }
        }
    }
}

fn last(reply: Reply, refusal: Refusal) -> Parsed {
    let reply = Reply { keep_alive: false, ..reply };
    Parsed::Last(Request { reply, asked: Err(refusal) })
}

/// The methods of RFC 9110 and RFC 5789.
fn check_method(method: &str) -> Result<(), Refusal> {
    match method {
        "GET" | "HEAD" => Ok(()),
        "POST" | "PUT" | "DELETE" | "CONNECT" | "OPTIONS" | "TRACE"
        | "PATCH" => Err(Refusal::new(
            Status::MethodNotAllowed,
            "files are read here, with GET or HEAD",
        )
        .with("Allow", "GET, HEAD".to_string())),
        _ => Err(Refusal::new(
            Status::NotImplemented,
            "this method is unknown here: use GET or HEAD",
        )),
    }
}

fn malformed(error: Error, head: &[u8]) -> Refusal {
    match error {
        Error::Version if names_a_version(head) => Refusal::new(
            Status::VersionNotSupported,
            "the server supports HTTP/1.1 and HTTP/1.0",
        ),
        Error::Version | Error::Token | Error::Status => {
            Refusal::bad("a request line is `METHOD target HTTP/1.1`")
        }
        Error::HeaderName => Refusal::bad(
            "the name of a field has a byte that is not allowed there, \
             or a field continues on a second line",
        ),
        Error::HeaderValue => Refusal::bad("a field has a control character"),
        Error::NewLine => Refusal::bad(
            "a CR has no LF after it, or the version is not the last word",
        ),
        Error::TooManyHeaders => Refusal::new(
            Status::FieldsTooLarge,
            "the head has more than 100 fields",
        ),
    }
}

/// Returns whether only the version of the first line is wrong, as `HTTP/1.2`.
fn names_a_version(head: &[u8]) -> bool {
    let line = head.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let words: Vec<_> = line.split(|&byte| byte == b' ').collect();
    let [_, _, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]] =
        words.as_slice()
    else {
        return false;
    };
    major.is_ascii_digit() && minor.is_ascii_digit()
}

/// The fields of a head.
struct Fields<'a>(&'a [Header<'a>]);

impl Fields<'_> {
    fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let has_name =
            move |it: &&Header<'_>| it.name.eq_ignore_ascii_case(name);
        self.0.iter().filter(has_name).map(|it| it.value)
    }

    /// Returns the members of a list, which may be in several fields.
    fn list(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
    }

    /// Returns the value of a field. If the field comes several times, the
    /// values are joined. Returns `None` if the value is not ASCII.
    fn joined(&self, name: &str) -> Option<String> {
        let mut values = self.all(name);
        let mut joined = values.next()?.to_vec();
        for value in values {
            joined.extend_from_slice(b", ");
            joined.extend_from_slice(value);
        }
        String::from_utf8(joined).ok().filter(|it| it.is_ascii())
    }

    fn asked(&self, target: &str) -> Asked {
        Asked {
            target: target.to_string(),
            range: self.joined("range"),
            if_range: self.joined("if-range"),
            if_match: self.joined("if-match"),
            if_none_match: self.joined("if-none-match"),
            if_modified_since: self.joined("if-modified-since"),
            if_unmodified_since: self.joined("if-unmodified-since"),
        }
    }

    fn keep_alive(&self, version: u8) -> bool {
        let has = |option: &[u8]| {
            self.list("connection").any(|it| it.eq_ignore_ascii_case(option))
        };
        !has(b"close") && (version > 0 || has(b"keep-alive"))
    }

    /// Checks that there is exactly one Host. HTTP/1.0 may have none (RFC 9112,
    /// section 3.2).
    fn check_host(&self, version: u8) -> Result<(), Refusal> {
        let mut hosts = self.all("host");
        let refusal = Refusal::bad("HTTP/1.1 needs one field `Host: name`");
        match (hosts.next(), hosts.next()) {
            (Some(host), None) if host.iter().all(|it| is_of_host(*it)) => {
                Ok(())
            }
            (None, None) if version == 0 => Ok(()),
            _ => Err(refusal),
        }
    }

    /// Returns the length of the body. A head is refused if two servers could
    /// read two lengths from it: this is how requests are smuggled.
    fn body(&self, version: u8) -> Result<BodyLength, Refusal> {
        let mut lengths = self.all("content-length");
        let length = lengths.next();
        if lengths.next().is_some() {
            return Err(Refusal::bad("there are two fields Content-Length"));
        }
        let mut codings = self.list("transfer-encoding").peekable();
        match (length, codings.peek()) {
            (None, None) => Ok(BodyLength::Length(0)),
            (Some(length), None) => BodyLength::of_length(number(length)?),
            (Some(_), Some(_)) => Err(Refusal::bad(
                "there are both Content-Length and Transfer-Encoding",
            )),
            (None, Some(_)) if version == 0 => {
                Err(Refusal::bad("HTTP/1.0 has no Transfer-Encoding"))
            }
            (None, Some(_)) => chunked(codings),
        }
    }

    /// Returns whether the client waits for `100 Continue`.
    fn expects(&self, version: u8) -> Result<bool, Refusal> {
        let mut expectations = self.all("expect");
        match (expectations.next(), expectations.next()) {
            _ if version == 0 => Ok(false),
            (None, _) => Ok(false),
            (Some(it), None) if it.eq_ignore_ascii_case(b"100-continue") => {
                Ok(true)
            }
            (Some(_), _) => Err(Refusal::new(
                Status::ExpectationFailed,
                "`Expect: 100-continue` is the only expectation supported",
            )),
        }
    }
}

fn chunked<'a>(
    codings: impl Iterator<Item = &'a [u8]>,
) -> Result<BodyLength, Refusal> {
    let codings: Vec<_> = codings.collect();
    let is_chunked = |it: &[u8]| it.eq_ignore_ascii_case(b"chunked");
    match codings.as_slice() {
        [one] if is_chunked(one) => Ok(BodyLength::Chunked(Chunked::default())),
        [others @ .., one]
            if is_chunked(one)
                && !others.iter().any(|it| it.is_empty() || is_chunked(it)) =>
        {
            Err(Refusal::new(
                Status::NotImplemented,
                "`chunked` is the only transfer coding supported",
            ))
        }
        _ => Err(Refusal::bad("`chunked` must be the last transfer coding")),
    }
}

fn number(digits: &[u8]) -> Result<u64, Refusal> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::bad("a Content-Length must be a number"));
    }
    let digits = str::from_utf8(digits).expect("digits are UTF-8");
    // A number that does not fit into 64 bits is too large in any case.
    Ok(digits.parse().unwrap_or(u64::MAX))
}

/// Returns whether a host may have this byte: names, addresses in brackets and
/// a port may (RFC 3986, section 3.2.2).
fn is_of_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(&byte)
}
