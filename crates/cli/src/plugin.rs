//! What Docker asks of a CLI plugin: `docker-ovs docker-cli-plugin-metadata`
//! (docker/cli, cli-plugins/metadata).

/// The word Docker asks with.
pub const METADATA: &str = "docker-cli-plugin-metadata";

/// What Docker wants to hear.
pub fn metadata() -> String {
    let answer = serde_json::json!({
        "SchemaVersion": "0.1.0",
        "Vendor": "the docker-ovs authors",
        "Version": env!("CARGO_PKG_VERSION"),
        "ShortDescription": "Open vSwitch ports of containers",
    });
    answer.to_string()
}
