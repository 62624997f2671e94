//! Names of functions, as debug information has them, in the form in which users write them.

/// Returns the path of a function without generics and closures. A method of a trait gets the name
/// of the type. If the type has no path, it gets the name of the trait.
///
/// | in the debug information | here |
/// |---|---|
/// | `<std::net::tcp::TcpStream as std::io::Read>::read` | `std::net::tcp::TcpStream::read` |
/// | `<str as std::net::ToSocketAddrs>::to_socket_addrs` | `std::net::ToSocketAddrs::to_socket_addrs` |
/// | `std::sync::mpsc::Receiver<T>::recv` | `std::sync::mpsc::Receiver::recv` |
/// | `main::serve::{{closure}}`, `main::serve::{closure#0}` | `main::serve` |
pub(crate) fn plain(name: &str) -> String {
    let (owner, rest) = match name.strip_prefix('<') {
        None => (String::new(), name),
        Some(inside) => {
            let end = end_of_generics(inside);
            let rest = inside.get(end + 1..).unwrap_or_default();
            (owner(&inside[..end]), rest)
        }
    };
    let path = format!("{owner}{}", without_generics(rest));
    let is_named = |segment: &&str| !segment.is_empty() && !segment.starts_with('{');
    path.split("::").filter(is_named).collect::<Vec<_>>().join("::")
}

/// Returns the public function of std that a function in the debug information is. Modules that are
/// not public may be in its path, and the type of a method may be missing.
pub(crate) fn public_function<'a>(plain: &str, public: &[&'a str]) -> Option<&'a str> {
    let segments: Vec<_> = plain.split("::").collect();
    let is_type = |segment: &str| segment.starts_with(|first: char| first.is_uppercase());
    let has_type = segments.iter().any(|segment| is_type(segment));
    let is_exact = |public: &&str| {
        let mut last = public.rsplit("::");
        let (name, parent) = (last.next(), last.next());
        segments.windows(2).any(|two| (Some(two[1]), Some(two[0])) == (name, parent))
    };
    let is_in_module = |public: &str, of_type: bool| {
        let Some((parent, name)) = public.rsplit_once("::") else { return false };
        let (modules, last) = parent.rsplit_once("::").unwrap_or_default();
        let module = if is_type(last) { modules } else { parent };
        is_type(last) == of_type && segments.last() == Some(&name) && plain.starts_with(module)
    };
    let find = |is_it: &dyn Fn(&&str) -> bool| public.iter().copied().find(|it| is_it(it));
    find(&is_exact)
        .or_else(|| find(&|it| is_in_module(it, false)))
        .or_else(|| find(&|it| !has_type && is_in_module(it, true)))
}

/// Returns the owner of a method: the type of `Type as Trait`, or the trait if the type has no
/// path.
fn owner(inside: &str) -> String {
    let depth_zero = |at: &usize| depth(&inside[..*at]) == 0;
    let at = inside.match_indices(" as ").map(|(at, _)| at).find(depth_zero);
    let (of_type, of_trait) = match at {
        Some(at) => (&inside[..at], Some(&inside[at + 4..])),
        None => (inside, None),
    };
    let of_type = plain(of_type.trim_start_matches(['&', '*', '(']).trim_start_matches("mut "));
    match of_trait {
        Some(of_trait) if !of_type.contains("::") => plain(of_trait),
        _ => of_type,
    }
}

/// Returns the number of generics that are open at the end of a text. The arrow of a function type
/// does not count.
fn depth(text: &str) -> usize {
    let text = text.replace("->", "");
    text.matches('<').count().saturating_sub(text.matches('>').count())
}

/// Returns the position of the `>` that ends the generics in which a text begins.
fn end_of_generics(text: &str) -> usize {
    let mut ends = text.match_indices('>').map(|(at, _)| at);
    let is_arrow = |at: usize| text[..at].ends_with('-');
    ends.find(|at| !is_arrow(*at) && depth(&text[..*at]) == 0).unwrap_or(text.len())
}

fn without_generics(path: &str) -> String {
    let Some(start) = path.find('<') else { return path.into() };
    let inside = &path[start + 1..];
    let rest = inside.get(end_of_generics(inside) + 1..).unwrap_or_default();
    format!("{}{}", path[..start].trim_end_matches("::"), without_generics(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_plain() {
        for (name, expected) in [
            ("std::thread::sleep", "std::thread::sleep"),
            ("<std::net::tcp::TcpStream as std::io::Read>::read", "std::net::tcp::TcpStream::read"),
            ("<&std::fs::File as std::io::Read>::read", "std::fs::File::read"),
            (
                "<str as std::net::ToSocketAddrs>::to_socket_addrs",
                "std::net::ToSocketAddrs::to_socket_addrs",
            ),
            ("<(&str, u16) as std::net::ToSocketAddrs>::f", "std::net::ToSocketAddrs::f"),
            ("std::sync::mpsc::Receiver<T>::recv", "std::sync::mpsc::Receiver::recv"),
            (
                "<std::sync::mpsc::Receiver<core::option::Option<u8>>>::recv",
                "std::sync::mpsc::Receiver::recv",
            ),
            ("std::fs::read::<&str>", "std::fs::read"),
            ("main::serve::{{closure}}", "main::serve"),
            ("main::serve::{closure#0}::{closure#1}", "main::serve"),
            ("<a::B<fn() -> u8> as c::D>::e::<F>", "a::B::e"),
            ("clock_nanosleep", "clock_nanosleep"),
            ("", ""),
            ("<", ""),
        ] {
            assert_eq!(plain(name), expected, "{name}");
        }
    }

    #[test]
    fn public_functions_are_recognized() {
        for (plain, public, expected) in [
            ("std::thread::functions::sleep", &["std::thread::sleep"][..], Some(0)),
            ("std::thread::sleep_until", &["std::thread::sleep"], None),
            ("std::fs::read::inner", &["std::fs::File::read", "std::fs::read"], Some(1)),
            ("std::fs::File::read", &["std::fs::read", "std::fs::File::read"], Some(1)),
            ("std::fs::read", &["std::fs::File::read", "std::fs::read"], Some(1)),
            ("std::net::tcp::TcpStream::read", &["std::net::TcpStream::read"], Some(0)),
            ("std::net::udp::UdpSocket::peek", &["std::net::TcpStream::peek"], None),
            ("std::net::tcp::connect", &["std::net::TcpStream::connect"], Some(0)),
            ("std::sync::poison::mutex::lock", &["std::sync::Mutex::lock"], Some(0)),
            ("std::thread::scoped::scope", &["std::thread::scope"], Some(0)),
        ] {
            let found = public_function(plain, public);
            assert_eq!(found, expected.map(|at: usize| public[at]), "{plain}");
        }
    }
}
