//! Exact output of every reading verb on recorded hosts, and the README's own examples.
//!
//! `TRYCMD=overwrite cargo test -p docker-ovs --test it transcripts` writes what is printed now;
//! read the difference before committing it.

const ARTICLE: &str = "--from tests/scenes/article.json";

#[test]
fn transcripts_are_what_is_printed() {
    check(|cases| cases.case("tests/transcripts/*.trycmd"));
}

/// The README and the guide show the host of the 2014 script, without saying where it was recorded.
#[test]
fn examples_of_readme_and_guide_are_what_is_printed() {
    for page in ["README.md", "docs/guide.md"] {
        let text = std::fs::read_to_string(format!("../../{page}")).unwrap();
        let asked = text.replace("$ docker ovs ", &format!("$ docker ovs {ARTICLE} ")).replace(
            "$ docker-ovs-port firewall_ext vlanswitch",
            &drop_in("firewall_ext vlanswitch"),
        );
        assert_ne!(asked, text);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.md");
        std::fs::write(&file, asked).unwrap();
        check(|cases| cases.case(&file));
    }
}

/// The drop-in has no options; its answer is the CSV of `port`.
fn drop_in(words: &str) -> String {
    format!("$ docker ovs {ARTICLE} port {words} --format csv")
}

fn check(add: impl FnOnce(&trycmd::TestCases) -> &trycmd::TestCases) {
    let cases = trycmd::TestCases::new();
    // Docker calls its plugin with `ovs` as first word, which the transcripts write out.
    cases.register_bin("docker", trycmd::cargo::cargo_bin!("docker-ovs"));
    add(&cases);
}
