//! The picture as a file: XML that any reader takes, whatever containers are called.

/// Elements of SVG that the picture is made of; nothing that runs or reaches out.
const ELEMENTS: [&str; 11] =
    ["svg", "title", "desc", "style", "rect", "path", "circle", "text", "g", "defs", "use"];

fn drawn(scene: &str) -> String {
    crate::tool::says(&["--from", &format!("tests/scenes/{scene}.json"), "graph"])
}

/// Walks the tags: each is known, closed in order, and has quoted attributes. Gives the text.
fn text_of(xml: &str) -> String {
    let (mut open, mut text) = (Vec::new(), String::new());
    let mut pieces = xml.split('<');
    assert_eq!(pieces.next(), Some(""));
    for piece in pieces {
        let (tag, after) = piece.split_once('>').expect("a tag ends");
        assert!(!after.contains('>'), "bare > in {after}");
        text.push_str(after);
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else {
            let name = attributes(tag.strip_suffix('/').unwrap_or(tag));
            assert!(ELEMENTS.contains(&name), "{name}");
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    text
}

/// Checks the attributes of a tag and gives its name.
fn attributes(tag: &str) -> &str {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    while !rest.is_empty() {
        let (key, value) = rest.split_once("=\"").expect("an attribute has a quoted value");
        let key = key.trim_start();
        assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{key}");
        assert!(!key.starts_with("on") && key != "style", "{key}");
        let (value, after) = value.split_once('"').expect("a value ends");
        assert!(key != "href" || value.starts_with('#'), "{value}");
        rest = after;
    }
    name
}

/// Every `&` begins one of the entities we write.
fn entities_are_known(xml: &str) {
    for piece in xml.split('&').skip(1) {
        let (name, _) = piece.split_once(';').unwrap();
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&name), "{name}");
    }
}

#[test]
fn the_picture_is_well_formed_and_says_what_it_is() {
    let svg = drawn("article");
    assert!(text_of(&svg).contains("trivial_firewall"));
    entities_are_known(&svg);
    assert!(svg.contains("role=\"img\"") && svg.contains("<title id=\"ovs-title\">"));
    assert!(svg.contains("@media (prefers-color-scheme:dark)"));
}

#[test]
fn hostile_names_are_text_in_the_picture_and_nothing_else() {
    let svg = drawn("hostile");
    let text = text_of(&svg);
    entities_are_known(&svg);
    assert!(text.contains("&lt;script&gt;,&quot;x&quot;"), "{text}");
    assert!(!svg.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'));
}

/// `docker-ovs --from crates/cli/tests/scenes/article.json graph >docs/article.svg` renews it.
#[test]
fn the_picture_in_the_docs_is_the_one_that_is_drawn() {
    let kept = std::fs::read_to_string("../../docs/article.svg").unwrap();
    assert!(kept == drawn("article"), "docs/article.svg is not what is drawn now");
}
