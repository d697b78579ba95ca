//! Exact output of every reading verb on recorded hosts, and the README's own examples.
//!
//! `TRYCMD=overwrite cargo test -p docker-ovs --test transcripts` writes what is printed now;
//! read the difference before committing it.

#[test]
fn what_is_printed() {
    let cases = trycmd::TestCases::new();
    // Docker calls its plugin with `ovs` as first word, which the transcripts write out.
    cases.register_bin("docker", trycmd::cargo::cargo_bin!("docker-ovs"));
    cases.case("tests/transcripts/*.trycmd").case("../../README.md");
}
