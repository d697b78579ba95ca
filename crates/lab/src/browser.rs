//! A real browser, driven over WebDriver (<https://www.w3.org/TR/webdriver2/>).
#![allow(clippy::missing_panics_doc, reason = "what goes wrong here fails the test")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};

use crate::run::{comes_true, patience, program, wait_until};

/// What a browser says of a request that it gave up as a link or an address came or went.
const GIVEN_UP: &str = "net::ERR_NETWORK_CHANGED";

/// How often a driver is started that does not find a port of its own.
const TRIES: usize = 5;

/// A driver, and its port. It takes one that is free for IPv4, and ends where another program has that for IPv6.
fn driver() -> Option<(Child, String)> {
    let mut driver = program("chromedriver");
    let driver = driver.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut driver = driver.spawn().unwrap();
    let mut said = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = said.find_map(|line| {
        line.split_once("successfully on port ").map(|(_, port)| port.replace('.', ""))
    });
    if port.is_none() {
        let _ = driver.wait();
    }
    Some((driver, port?))
}

/// A browser with one page; closed with its guard.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    address: String,
    session: String,
}

impl Browser {
    /// A headless one that has come to `url`.
    pub fn at(url: &str) -> Self {
        let (driver, port) = (0..TRIES).find_map(|_| driver()).expect("the driver says its port");
        let mut browser =
            Self { driver, address: format!("127.0.0.1:{port}"), session: String::new() };
        // Where /dev/shm is small, as in a container, pages die of what they share there.
        let words = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1500,1000",
        ];
        let options = json!({"args": words});
        let wanted = json!({"browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}});
        let session = browser.asks("POST", "", &json!({"capabilities": {"alwaysMatch": wanted}}));
        browser.session = format!("/{}", session["sessionId"].as_str().unwrap());
        browser.goes_to(url);
        browser
    }

    /// Comes to `url` as by its address bar: a link of one daemon's page leads to no other daemon.
    pub fn goes_to(&self, url: &str) {
        wait_until("the browser comes there", || {
            let answer = self.tries("POST", "/url", &json!({"url": url})).unwrap();
            let error = &answer["value"]["error"];
            let why = answer["value"]["message"].to_string();
            assert!(error.is_null() || why.contains(GIVEN_UP), "{url}: {answer}");
            error.is_null()
        });
    }

    /// What the body of a function of JavaScript returns in the page.
    pub fn run(&self, script: &str) -> Value {
        self.asks("POST", "/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until an expression is true in the page.
    pub fn waits_for(&self, expression: &str) {
        let holds = comes_true(|| self.run(&format!("return Boolean({expression})")) == true);
        if !holds {
            let shown = self.run("return document.body.innerText.slice(0, 2000)");
            let complaints = self.complaints();
            panic!(
                "waited in vain: {expression}; the page complains {complaints:?} and shows {shown}"
            );
        }
    }

    /// Types into whatever has the focus; anew where that was replaced before it was typed into, or was about to be.
    pub fn types(&self, text: &str) {
        wait_until("what has the focus is typed into", || {
            let element = self.asks("GET", "/element/active", &Value::Null);
            let (_, id) = element.as_object().unwrap().iter().next().unwrap();
            let path = format!("/element/{}/value", id.as_str().unwrap());
            let answer = self.tries("POST", &path, &json!({"text": text})).unwrap();
            let error = &answer["value"]["error"];
            let passes = ["stale element reference", "element not interactable"];
            assert!(error.is_null() || passes.iter().any(|why| error == *why), "{path}: {answer}");
            error.is_null()
        });
    }

    /// Makes the window as wide and as high as that, in pixels.
    pub fn resize(&self, width: u32, height: u32) {
        self.asks("POST", "/window/rect", &json!({"width": width, "height": height}));
    }

    /// Makes the page believe that its screen is as narrow as that of a phone, which no window is.
    pub fn becomes_phone(&self) {
        let metrics = json!({"width": 400, "height": 850, "deviceScaleFactor": 1, "mobile": true});
        self.commands("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Shows the page as it is printed, or as it is seen again.
    pub fn is_paper(&self, is_paper: bool) {
        let media = if is_paper { "print" } else { "" };
        self.commands("Emulation.setEmulatedMedia", &json!({ "media": media }));
    }

    /// Shows the page as to a reader who prefers dark colours, or light ones.
    pub fn is_dark(&self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": value}]);
        self.commands("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// What the browser tells a screen reader of the page: the role and the name of each part, in no order.
    pub fn accessible(&self) -> Vec<(String, String)> {
        let tree = self.commands("Accessibility.getFullAXTree", &json!({}));
        let told = tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != true);
        let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
        told.map(|node| (text(&node["role"]), text(&node["name"]))).collect()
    }

    /// Makes each answer come so much later, as to a browser on a busy machine.
    pub fn waits_for_answers(&self, latency: Duration) {
        self.commands("Network.enable", &json!({}));
        let slow = json!({"offline": false, "latency": latency.as_secs_f64() * 1e3,
            "downloadThroughput": -1, "uploadThroughput": -1});
        self.commands("Network.emulateNetworkConditions", &slow);
    }

    /// A command of Chromium's own protocol (<https://chromedevtools.github.io/devtools-protocol/>).
    fn commands(&self, command: &str, params: &Value) -> Value {
        self.asks("POST", "/goog/cdp/execute", &json!({"cmd": command, "params": params}))
    }

    /// What is seen of the page, as PNG.
    pub fn picture(&self) -> Vec<u8> {
        let picture = self.asks("GET", "/screenshot", &Value::Null);
        BASE64_STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }

    /// What the browser complained about: errors, and what a policy has stopped. That it gave a request up
    /// is no fault of the page.
    pub fn complaints(&self) -> Vec<Value> {
        let log = self.asks("POST", "/se/log", &json!({"type": "browser"}));
        let mut log = log.as_array().unwrap().clone();
        log.retain(|line| !line["message"].to_string().contains(GIVEN_UP));
        log
    }

    /// # Panics
    /// When there is a complaint.
    pub fn complains_of_nothing(&self) {
        // They are told once.
        let complaints = self.complaints();
        assert!(complaints.is_empty(), "{complaints:?}");
    }

    fn asks(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut answer = self.tries(method, path, body).unwrap();
        assert!(answer["value"]["error"].is_null(), "{path}: {answer}");
        answer["value"].take()
    }

    fn tries(&self, method: &str, path: &str, body: &Value) -> io::Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(patience()))?;
        write!(
            stream,
            "{method} /session{}{path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{body}",
            self.session,
            body.len()
        )?;
        Ok(serde_json::from_slice(&one_body(stream)?)?)
    }
}

/// The body of the one answer; the driver keeps the connection open.
fn one_body(stream: impl Read) -> io::Result<Vec<u8>> {
    let (mut stream, mut length) = (BufReader::new(stream), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(given) = line.strip_prefix("content-length:") {
            length = given.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(body)
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind, so that the browser is ended by it; also
        // where the test has failed.
        if !self.session.is_empty() {
            let _ = self.tries("DELETE", "", &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
