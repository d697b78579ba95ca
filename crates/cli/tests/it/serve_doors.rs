//! The doors of `docker ovs serve`: who may ask, how much, and how long.
#![allow(clippy::disallowed_methods, reason = "a test starts the programs it tests")]

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::tool::behind::{Behind, TOKEN, write_secret};
use crate::tool::{Served, refuses, says};
use lab::http::{ask, ask_bytes, head, tcp};
use lab::{Bridge, Container, Plug, Plugged, run};

#[test]
fn requests_of_other_sites_methods_and_sizes_are_refused() {
    lab::need!(Lab);
    let daemon = Served::start(&[]);
    let address = daemon.tcp();
    let status =
        |method: &str, lines: &[&str]| ask(tcp(&address), &head(method, "/healthz", lines)).status;
    assert_eq!(status("GET", &["Host: localhost"]), 200);
    assert_eq!(status("GET", &[&format!("Host: {address}")]), 200);
    assert_eq!(status("GET", &["Host: evil.example"]), 421);
    assert_eq!(status("GET", &[]), 400, "RFC 9112, section 3.2");
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(
            status(method, &["Host: localhost", "Origin: http://localhost"]),
            405,
            "{method}"
        );
    }
    let answer = ask(
        tcp(&address),
        &head("GET", "/v1/bridges", &["Host: localhost", "Origin: http://evil.example"]),
    );
    assert!(!answer.head.contains("access-control"), "{}", answer.head);
    let huge = format!("X-Huge: {}", "x".repeat(20_000));
    assert_eq!(status("GET", &["Host: localhost", &huge]), 431);
    let many: Vec<_> = (0..100).map(|n| format!("X-{n}: x")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).chain(["Host: localhost"]).collect();
    assert_eq!(status("GET", &many), 431);
    assert_eq!(status("GET", &["Host: localhost"]), 200, "it is well after all that");
}

#[test]
fn serve_beyond_loopback_requires_tls_and_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("d.sock");
    let socket = socket.to_str().unwrap();
    let complaint = refuses(&["serve", "--socket", socket, "--listen", "0.0.0.0:0"]);
    assert!(complaint.contains("reached from other machines"), "{complaint}");
    assert!(complaint.contains("--tls-cert"), "{complaint}");
    let complaint = refuses(&["serve", "--socket", socket, "--listen", "example.org:1"]);
    assert!(complaint.contains("use an IP address"), "{complaint}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was half done");
}

#[test]
fn serve_with_a_certificate_speaks_tls_and_requires_the_token() {
    lab::need!(Lab);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key, token) = (file("cert.pem"), file("key.pem"), file("token"));
    let made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "2"];
    run("openssl", &[&made[..], &["-keyout", &key, "-out", &cert]].concat());
    write_secret(&token, "short\n");
    let locks = ["--tls-cert", &cert, "--tls-key", &key, "--token-file", &token];
    let complaint =
        refuses(&[&["serve", "--socket", &file("s"), "--listen", "none"][..], &locks].concat());
    assert!(complaint.contains("16 to 4096"), "{complaint}");
    write_secret(&token, "0123456789abcdef\n");
    let daemon = Served::start(&[&["--listen", "127.0.0.1:0"][..], &locks].concat());
    let address = daemon.tcp();
    let with = ["Host: any.example", "Authorization: Bearer 0123456789abcdef"];
    assert!(healthz_by_tls(&address, &with).starts_with("HTTP/1.1 200"));
    let without = healthz_by_tls(&address, &["Host: localhost"]);
    assert!(without.starts_with("HTTP/1.1 401"), "{without}");
    assert!(!without.contains("0123456789abcdef"));
}

/// The answer of `/healthz` to these lines, as another implementation of TLS than the daemon's has it.
fn healthz_by_tls(address: &str, lines: &[&str]) -> String {
    let mut client = lab::program("openssl");
    client.args(["s_client", "-quiet", "-connect", address]);
    let client = client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut client = client.spawn().unwrap();
    let mut stdin = client.stdin.take().unwrap();
    stdin.write_all(head("GET", "/healthz", lines).as_bytes()).unwrap();
    let output = client.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_refusal_is_json_and_says_why() {
    lab::need!(Lab);
    let daemon = Served::start(&[]);
    let address = daemon.tcp();
    let by_socket = |method: &str, path: &str, lines: &[&str]| {
        ask(daemon.connect(), &head(method, path, lines))
    };
    let by_tcp =
        |method: &str, path: &str, lines: &[&str]| ask(tcp(&address), &head(method, path, lines));
    let host = "Host: localhost";
    let refusals = [
        (by_socket("POST", "/healthz", &[host]), 405),
        (by_socket("GET", "/healthz", &[host, host]), 400),
        (by_socket("GET", "/healthz", &[]), 400),
        (by_socket("GET", "/v1/attachments/%ff", &[host]), 400),
        (by_socket("GET", "/page/0/page.js", &[host]), 404),
        (by_tcp("DELETE", "/v1/attachments", &[host]), 405),
        (by_tcp("GET", "/healthz", &[host, "Host: evil.example"]), 400),
        (by_tcp("GET", "/healthz", &["Host: me@localhost"]), 400),
        (by_tcp("GET", "/figure", &[host, "Sec-Fetch-Site: cross-site"]), 403),
        (by_tcp("GET", "/v1/snapshot?source=appctl", &[host, "Sec-Fetch-Site: same-site"]), 403),
    ];
    for (answer, status) in refusals {
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.head.contains("content-type: application/json"), "{answer:?}");
        let said: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert!(said["message"].as_str().is_some_and(|why| !why.is_empty()), "{said}");
        for guard in
            ["x-content-type-options: nosniff", "cross-origin-resource-policy: same-origin"]
        {
            assert!(answer.head.contains(guard), "{guard} is not in {}", answer.head);
        }
        let allow = answer.head.contains("allow: get");
        assert_eq!(allow, status == 405, "{}", answer.head);
    }
    let huge = format!("X-Huge: {}", "x".repeat(20_000));
    for (request, status) in [
        (head("GET", "/healthz", &[host, &huge]), 431),
        ("NONSENSE\r\n\r\n".to_owned(), 400),
        ("GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n".to_owned(), 400),
        (head("GET", "/healthz", &[host, "No colon"]), 400),
        (head("GET", "/healthz", &[host, "Content-Length: 1", "Content-Length: 2"]), 400),
    ] {
        let answer = ask(tcp(&address), &request);
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.head.contains("content-type: application/json"), "{request}: {answer:?}");
        let said: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert!(said["message"].as_str().is_some_and(|why| !why.is_empty()), "{said}");
    }
    for site in ["same-origin", "none"] {
        let site = format!("Sec-Fetch-Site: {site}");
        assert_eq!(by_tcp("GET", "/healthz", &[host, &site]).status, 200);
    }
    let answer = by_tcp("GET", "/healthz", &[host]);
    assert!(answer.head.contains("cross-origin-resource-policy: same-origin"), "{}", answer.head);
}

#[test]
fn what_a_client_has_is_not_sent_again() {
    lab::need!(Docker);
    let daemon = Served::start(&[]);
    for path in ["/v1/attachments", "/figure"] {
        lab::wait_until("nothing else changes meanwhile", || {
            let first = daemon.get(path);
            let tag = first.head.lines().find_map(|line| line.strip_prefix("etag: "));
            let tag = tag.unwrap().to_owned();
            let lists =
                [tag.clone(), format!("\"x\", W/{tag}"), format!("W/{tag}, \"y\""), "*".to_owned()];
            let status = |list: &String| {
                let line = format!("If-None-Match: {list}");
                ask(daemon.connect(), &head("GET", path, &["Host: x", &line])).status
            };
            let stale = status(&"\"x\"".to_owned());
            assert_eq!(stale, 200);
            lists.iter().all(|list| status(list) == 304)
        });
    }
}

/// Packed for clients that take it so, it is the same text under the same tag.
#[test]
fn what_is_large_is_sent_packed_to_those_who_take_it() {
    let scene = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenes/article.json");
    let daemon = Served::start(&["--from", scene]);
    let tag = |head: &str| {
        let mut tags = head.lines().filter_map(|line| line.strip_prefix("etag: "));
        tags.next().map(str::to_owned)
    };
    for path in ["/", "/figure", "/v1/attachments", "/v1/snapshot"] {
        let by = |lines: &[&str]| {
            let lines = [&["Host: x"][..], lines].concat();
            ask_bytes(daemon.connect(), &head("GET", path, &lines))
        };
        let (plain_head, plain) = by(&[]);
        let (packed_head, packed) = by(&["Accept-Encoding: gzip, deflate, br"]);
        let is_large = plain.len() >= 16 * 1024;
        assert_eq!(packed_head.contains("content-encoding: gzip"), is_large, "{path}");
        for head in [&plain_head, &packed_head] {
            assert!(head.contains("vary: accept-encoding"), "{path}: {head}");
        }
        if is_large {
            let mut text = Vec::new();
            flate2::read::GzDecoder::new(&*packed).read_to_end(&mut text).unwrap();
            assert!(text == plain && packed.len() < plain.len() / 3, "{path}");
            let weak = tag(&plain_head).map(|tag| format!("w/{tag}"));
            assert_eq!(tag(&packed_head), weak, "{path}");
        }
        let (head, body) = by(&["Accept-Encoding: gzip;q=0, identity"]);
        assert!(!head.contains("content-encoding") && body == plain, "{path}: {head}");
    }
    let figure = daemon.get("/figure").body;
    assert!(figure.len() >= 16 * 1024, "the scene has something to pack: {}", figure.len());
}

#[test]
fn labels_are_not_told_by_tcp_without_a_token_and_filter_all_the_same() {
    lab::need!(Docker);
    let labels = ["--label", "db.password=hunter2", "--label", "tier=web"];
    let bridge = Bridge::new();
    let container = Container::run_with(&[&["--network", "none"][..], &labels].concat());
    let note = ["--", "set", "Interface"];
    let end = lab::unique("v");
    let port =
        [&note[..], &[&*end, "external_ids:customer=acme", "external_ids:vm-note=x"]].concat();
    let plug = Plug { host_end: Some(&end), port: &port, ..Plug::default() };
    let _plug = Plugged::new(&container, "eth0", &bridge, plug);
    let daemon = Served::start(&[]);
    let address = daemon.tcp();
    let by_tcp = |path: &str| ask(tcp(&address), &head("GET", path, &["Host: localhost"])).body;
    let secrets = ["hunter2", "db.password", "tier", "acme", "customer"];
    let snapshot = by_tcp("/v1/snapshot");
    assert!(snapshot.contains(container.id()) && snapshot.contains(&end), "{snapshot}");
    for path in ["/v1/snapshot", "/v1/snapshot?source=appctl", "/v1/wiring", "/", "/v1/attachments"]
    {
        let told = by_tcp(path);
        let out: Vec<_> = secrets.iter().filter(|secret| told.contains(**secret)).collect();
        assert!(out.is_empty(), "{path} tells {out:?}");
    }
    let asked = by_tcp("/v1/snapshot?label=tier%3Dweb&label=db.password%3Dguess&label=db.password");
    assert!(asked.contains("\"tier\":\"web\"") && !asked.contains("hunter2"), "{asked}");
    let by_socket = daemon.get("/v1/snapshot").body;
    assert!(secrets.iter().all(|secret| by_socket.contains(secret)), "{by_socket}");
    let server = format!("http://{address}");
    for (filter, names) in [
        ("label=tier=web", true),
        ("label=tier", true),
        ("label=db.password", true),
        ("label=tier=db", false),
        ("label=nothing", false),
    ] {
        let words = ["ls", "--server", &server, "--filter", filter, "--format", "{{.Container}}"];
        let listed = says(&words);
        assert_eq!(listed.contains(container.name()), names, "{filter}: {listed}");
        let rows = by_tcp(&format!("/v1/attachments?{filter}"));
        assert_eq!(rows.contains(container.name()), names, "{filter}: {rows}");
    }
}

/// Less than the time after which the daemon drops a client that asks nothing, or takes nothing (15 and 20 s): an answer
/// that comes sooner waited for nothing of that.
const BLOCKED: Duration = Duration::from_secs(10);

#[test]
fn clients_that_never_read_do_not_block_other_clients() {
    lab::need!(Lab);
    let daemon = Served::start(&[]);
    let many = "GET /v1/wiring HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2000);
    let mut idle = Vec::new();
    for _ in 0..40 {
        let mut silent = daemon.connect();
        silent.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        // It asks for far more than any buffer holds, and takes nothing.
        let _ = silent.write_all(many.as_bytes());
        let mut half = daemon.connect();
        half.write_all(b"GET /healthz HTTP/1.1\r\nHo").unwrap();
        idle.extend([silent, half]);
        drop(daemon.events(None));
    }
    let start = Instant::now();
    for _ in 0..20 {
        assert_eq!(daemon.get("/healthz").status, 200);
    }
    assert!(start.elapsed() < BLOCKED, "{:?}", start.elapsed());
    drop(idle);
}

/// More than one listener has places.
const CROWD: usize = 300;

/// How soon another user is answered beside a crowd, each time: a second, on a machine that is not slower by nature.
fn prompt() -> Duration {
    lab::patience() / 60
}

/// Asks 20 times; each answer comes at once.
fn is_answered_each_time(healthz: impl Fn()) {
    for turn in 1..=20 {
        let start = Instant::now();
        healthz();
        let taken = start.elapsed();
        assert!(taken < prompt(), "answer {turn} took {taken:?}");
    }
}

#[test]
fn a_crowd_of_one_user_blocks_no_other_user() {
    lab::need!(Lab);
    let daemon = Served::start(&[]);
    let address = daemon.tcp();
    let healthz = head("GET", "/healthz", &["Host: localhost"]);
    // By TCP, where all have one address; some are silent, some ask and stay, some listen.
    let crowd = Crowd::start(&address, "plain");
    is_answered_each_time(|| assert_eq!(ask(tcp(&address), &healthz).status, 200));
    // One of the crowd's own gives its place up; one that has just come has it.
    let crowd_here: Vec<_> = (0..CROWD).map(|_| daemon.connect()).collect();
    assert_eq!(daemon.get("/healthz").status, 200);
    let metrics = daemon.get("/metrics").body;
    assert!(metrics.contains("docker_ovs_connections_evicted_total "), "{metrics}");
    drop((crowd, crowd_here));
}

/// The owner of the token is not held up by connections that have none, whether these begin TLS or not.
#[test]
fn a_crowd_without_the_token_blocks_no_user_who_has_it() {
    lab::need!(Lab);
    let behind = Behind::named(&["127.0.0.1"]);
    let address = behind.url.trim_start_matches("https://");
    let token = format!("Authorization: Bearer {TOKEN}");
    let crowd = Crowd::start(address, "tls");
    is_answered_each_time(|| {
        let answer = healthz_by_tls(address, &["Host: localhost", &token]);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    });
    drop(crowd);
}

/// Connections of another user, each of which stays as long as the daemon lets it.
struct Crowd(std::process::Child);

impl Crowd {
    /// By TCP alone (`plain`); or most of them silent before TLS, the others after it (`tls`).
    fn start(address: &str, how: &str) -> Self {
        let script = "
import encodings.idna, os, socket, ssl, sys
os.setuid(65534)
host, port = sys.argv[1].rsplit(':', 1)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
words = [b'', b'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n',
         b'GET /v1/events HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n']
crowd = []
for n in range(int(sys.argv[2])):
    crowd.append(socket.create_connection((host, int(port)), timeout=20))
    if sys.argv[3] == 'plain':
        crowd[-1].sendall(words[n % 3])
    elif n % 7 == 6:
        try:
            crowd[-1] = context.wrap_socket(crowd[-1])
        except OSError:
            pass # Its place was given to another one.
print('here', flush=True)
sys.stdin.read()
";
        let mut command = lab::program("python3");
        command.args(["-c", script, address, &CROWD.to_string(), how]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut here = [0; 4];
        child.stdout.as_mut().unwrap().read_exact(&mut here).unwrap();
        Self(child)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_page_may_load_nothing_from_elsewhere() {
    lab::need!(Docker);
    let (bridge, container) = (Bridge::new(), Container::run());
    let _plug = Plugged::new(&container, "eth0", &bridge, Plug::default());
    let daemon = Served::start(&[]);
    let page = daemon.get("/").body;
    let (_, folder) = page.split_once("src=\"").unwrap();
    let (folder, _) = folder.split_once("/page.js\"").unwrap();
    let files = ["page.css", "page.js", "script/morph.js"].map(|file| format!("{folder}/{file}"));
    for path in ["/", "/figure"].into_iter().chain(files.iter().map(String::as_str)) {
        let part = daemon.get(path);
        assert_eq!(part.status, 200, "{path}: {part:?}");
        for guard in [
            "default-src 'none'; script-src 'self'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(part.head.contains(guard), "{path}: {guard} is not in {}", part.head);
        }
    }
    assert!(page.contains(container.name()) && page.contains(bridge.name()), "{page}");
    assert!(
        !page.contains("://")
            || page.matches("://").count() == page.matches("://www.w3.org/").count()
    );
    assert_eq!(page.matches("<script>").count(), 1, "the policy names it by its digest");
    assert!(!page.contains("style=\""));
}
