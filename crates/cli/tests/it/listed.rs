//! What the lists of a recorded host have, and what they miss.

use crate::tool::{Served, docker_ovs};

#[test]
fn what_may_be_where_a_list_is_about_is_missed() {
    let mut scene: serde_json::Value =
        serde_json::from_str(include_str!("../scenes/article.json")).unwrap();
    let rows = scene["kernel"]["rows"].as_array_mut().unwrap();
    let links = rows.iter_mut().flat_map(|row| row["links"].as_array_mut().unwrap());
    let mut of_webserver = links.filter(|link| link["mac"] == "0a:7f:3e:52:11:c8");
    of_webserver.next().unwrap()["peer"] = serde_json::Value::Null;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unknown.json");
    let file = file.to_str().unwrap();
    std::fs::write(file, scene.to_string()).unwrap();
    let list =
        |words: &[&str]| docker_ovs(&[&["--from", file, "ls", "-q", "--no-trunc"], words].concat());
    let bridge = ["--bridge", "vlanswitch"];
    let filter = ["--filter", "bridge=vlanswitch"];
    for about in [bridge, filter, ["--filter", "vlan=10"], ["--filter", "vlan=4094"]] {
        let listed = list(&about);
        assert_eq!(listed.code, 2, "{about:?}: {listed:?}");
        assert!(listed.stderr.contains("1 interface is not listed"), "{about:?}: {listed:?}");
        let partial = list(&[&about[..], &["--partial"]].concat());
        assert_eq!((partial.code, partial.stdout), (0, listed.stdout), "{about:?}");
        let of_other = list(&[&about[..], &["--filter", "container=firewall_ext"]].concat());
        assert_eq!((of_other.code, of_other.stderr.as_str()), (0, ""), "{about:?}");
    }
    assert_eq!(list(&[]).code, 0, "it is listed as unknown");
}

/// An orphaned port has the labels of the container that had it; those of a container that is gone may be any.
#[test]
fn a_label_finds_the_orphaned_port_of_a_stopped_container() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labelled.json");
    let file = file.to_str().unwrap();
    let mut scene: serde_json::Value =
        serde_json::from_str(include_str!("../scenes/article.json")).unwrap();
    let rows = scene["engines"]["docker"]["rows"].as_array_mut().unwrap();
    let left = rows.iter().position(|row| row["name"] == "old_ext").unwrap();
    rows[left]["labels"] = serde_json::json!({ "tier": "old" });
    std::fs::write(file, scene.to_string()).unwrap();
    let orphaned = |filter: &str| {
        let words = ["--from", file, "ls", "-a", "--filter", "status=orphaned", "--filter", filter];
        let listed = docker_ovs(&words);
        assert_eq!(listed.code, 0, "{listed:?}");
        listed.stdout.lines().filter(|line| line.contains("orphaned")).count()
    };
    for filter in ["label=tier", "label=tier=old", "container=old_ext"] {
        assert_eq!(orphaned(filter), 1, "{filter}");
    }
    for filter in ["label=tier=new", "label=role"] {
        assert_eq!(orphaned(filter), 0, "{filter}");
    }
    let daemon = Served::start(&["--from", file]);
    let rows =
        |label: &str| daemon.json(&format!("/v1/attachments?all=1&status=orphaned&label={label}"));
    assert_eq!(rows("tier%3Dold").as_array().unwrap().len(), 1);
    assert_eq!(rows("tier%3Dnew").as_array().unwrap().len(), 0);
    // Without its row no engine knows it, nor its labels.
    scene["engines"]["docker"]["rows"].as_array_mut().unwrap().remove(left);
    std::fs::write(file, scene.to_string()).unwrap();
    assert_eq!(orphaned("label=tier=new"), 1);
}

/// Links of namespaces that no container has are no interfaces of containers.
#[test]
fn the_metrics_count_what_is_listed() {
    for scene in ["tests/scenes/article.json", "tests/scenes/article-later.json"] {
        let daemon = Served::start(&["--from", scene]);
        let text = daemon.get("/metrics").body;
        let lines = text.lines().filter(|line| line.starts_with("docker_ovs_attachments{"));
        let counted: usize =
            lines.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()).sum();
        let listed = daemon.json("/v1/attachments");
        assert_eq!(counted, listed.as_array().unwrap().len(), "{scene}");
    }
}
