//! The active connection methods of ovsdb(7): `unix:FILE`, `tcp:IP[:PORT]`, `ssl:IP[:PORT]`. They
//! are the same for a database server and for a switch, but for the methods that each knows and
//! for the port that is meant where none is given.
#![cfg_attr(
    test,
    allow(
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a test panics to fail"
    )
)]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

#[cfg(feature = "connect")]
pub mod unix;

/// Splits `METHOD:REST`, where the method is one of `known`; the rest of `unix` is not empty.
///
/// # Errors
/// What is wrong with `text`, to stand behind what it was given for.
pub fn split_method<'t>(text: &'t str, known: &[&str]) -> Result<(&'t str, &'t str), String> {
    let Some((method, rest)) = text.split_once(':') else {
        let forms: Vec<_> = known.iter().map(|method| form(method)).collect();
        return Err(format!("write {}", forms.join(" or ")));
    };
    match method {
        "unix" if rest.is_empty() => Err("the socket's file name is missing".to_owned()),
        _ if known.contains(&method) => Ok((method, rest)),
        _ if method.strip_prefix('p').is_some_and(|active| known.contains(&active)) => {
            Err("a server listens by that method; without its p it is the one to connect by"
                .to_owned())
        }
        _ => Err(format!("the method is none of {}", known.join(", "))),
    }
}

fn form(method: &str) -> String {
    format!("{method}:{}", if method == "unix" { "FILE" } else { "IP[:PORT]" })
}

/// Reads `IP[:PORT]`; an IPv6 address stands in brackets. The only name is `localhost`.
///
/// # Errors
/// What is wrong with `text`, to stand behind what it was given for.
pub fn parse(text: &str, default_port: u16) -> Result<SocketAddr, &'static str> {
    let (host, port) = split_port(text)?;
    let port = port.map_or(Ok(default_port), parse_port)?;
    Ok(SocketAddr::new(parse_host(host)?, port))
}

/// Reads `IP:PORT` to listen at; the port 0 has the system choose one.
///
/// # Errors
/// What is wrong with `text`, to stand behind what it was given for.
pub fn parse_listen(text: &str) -> Result<SocketAddr, &'static str> {
    let (host, port) = split_port(text)?;
    let port = match port.ok_or("the port is missing")? {
        "0" => 0,
        port => parse_port(port)?,
    };
    Ok(SocketAddr::new(parse_host(host)?, port))
}

/// Splits `HOST[:PORT]`; a host with colons stands in brackets.
fn split_port(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    let Some(bracketed) = text.strip_prefix('[') else {
        return match text.split_once(':') {
            Some((_, port)) if port.contains(':') => Err("an IPv6 address stands in brackets"),
            Some((host, port)) => Ok((host, Some(port))),
            None => Ok((text, None)),
        };
    };
    let (host, rest) = bracketed.split_once(']').ok_or("the closing bracket is missing")?;
    match rest.strip_prefix(':') {
        Some(port) => Ok((host, Some(port))),
        None if rest.is_empty() => Ok((host, None)),
        None => Err("only :PORT may follow the closing bracket"),
    }
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port @ 1..) if digits => Ok(port),
        _ => Err("the port is not a number from 1 to 65535"),
    }
}

/// This program is one static file and has no resolver: only `localhost` is a name.
fn parse_host(text: &str) -> Result<IpAddr, &'static str> {
    match text {
        "" => Err("the IP address is missing"),
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => text.parse().map_err(|_| "host names are not looked up: give the IP address"),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, parse_listen, split_method};

    #[test]
    fn what_is_left_out_is_known() {
        for (given, meant) in [
            ("10.0.0.1", "10.0.0.1:6640"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("[::1]", "[::1]:6640"),
            ("[fe80::1]:65535", "[fe80::1]:65535"),
            ("[127.0.0.1]:7", "127.0.0.1:7"),
            ("localhost", "127.0.0.1:6640"),
        ] {
            let address = parse(given, 6640).unwrap();
            assert_eq!(address.to_string(), meant);
            assert_eq!(parse(meant, 1), Ok(address));
        }
    }

    #[test]
    fn a_method_is_one_of_those_that_are_known() {
        let known = ["unix", "tcp"];
        assert_eq!(split_method("unix:a:b", &known), Ok(("unix", "a:b")));
        assert_eq!(split_method("tcp:", &known), Ok(("tcp", "")));
        for (given, reason) in [
            ("", "write unix:FILE or tcp:IP[:PORT]"),
            ("/run/ovs/db.sock", "write unix:FILE"),
            ("unix:", "file name"),
            ("ssl:10.0.0.1", "none of unix, tcp"),
            ("pssl:6640", "none of unix, tcp"),
            ("ptcp:6640", "without its p"),
            ("punix:x", "without its p"),
        ] {
            let error = split_method(given, &known).unwrap_err();
            assert!(error.contains(reason), "{given}: {error}");
        }
    }

    #[test]
    fn a_listener_names_its_port_and_may_leave_it_to_the_system() {
        assert_eq!(parse_listen("localhost:0").unwrap().to_string(), "127.0.0.1:0");
        assert_eq!(parse_listen("[::]:9653").unwrap().to_string(), "[::]:9653");
        for bad in ["127.0.0.1", "9653", "switch.example:1", "127.0.0.1:00x"] {
            assert!(parse_listen(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (given, reason) in [
            ("", "address is missing"),
            (":6640", "address is missing"),
            ("switch.example:6640", "not looked up"),
            ("10.0.0.1:0", "port"),
            ("10.0.0.1:+1", "port"),
            ("10.0.0.1:65536", "port"),
            ("10.0.0.1:", "port"),
            ("::1", "brackets"),
            ("[::1", "closing bracket"),
            ("[::1]6640", "may follow"),
            ("[]:1", "address is missing"),
        ] {
            let error = parse(given, 6640).unwrap_err();
            assert!(error.contains(reason), "{given}: {error}");
        }
    }
}
