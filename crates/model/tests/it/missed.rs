//! What a list would leave out without a word: it is an error, unless nothing can be missing.

use docker_ovs_model::filter::Filter;
use docker_ovs_model::query::{QueryError, require_all, require_whole, unlisted};
use docker_ovs_model::snapshot::{Container, Snapshot};
use docker_ovs_model::{Look, SourceError, SourceErrorKind};

use crate::plans::scene::host;

fn first(host: &mut Snapshot) -> &mut Container {
    &mut host.engines.values_mut().next().unwrap().rows_mut()[0]
}

fn why(kind: SourceErrorKind) -> SourceError {
    SourceError::new(kind, "the network namespace of c1", "Too many open files")
        .hint("raise ulimit -n")
}

/// What may happen to the first container.
type Happens = fn(&mut Snapshot);

const MISSED: [(&str, Happens); 6] = [
    ("its namespace could not be opened", |host| {
        first(host).netns = None;
        first(host).netns_error = Some(why(SourceErrorKind::Unreachable));
    }),
    ("nor looked at", |host| {
        first(host).netns = None;
        first(host).netns_error = Some(why(SourceErrorKind::Denied));
    }),
    ("its links could not be read", |host| {
        host.kernel.rows_mut()[1].source_error = Some(why(SourceErrorKind::Unreachable));
    }),
    ("its namespace is in no row", |host| {
        let rows: Vec<_> = host.kernel.rows().to_vec();
        let rest = rows.into_iter().enumerate().filter(|(i, _)| *i != 1);
        host.kernel = Ok(rest.map(|(_, row)| row).collect::<Vec<_>>()).into();
    }),
    ("it runs, and was not inspected", |host| {
        let row = first(host);
        (row.pid, row.netns) = (None, None);
    }),
    ("it is paused, and was not inspected", |host| {
        let row = first(host);
        (row.pid, row.netns, row.state) = (None, None, "paused".to_owned());
    }),
];

const NOT_MISSED: [(&str, Happens); 5] = [
    ("nothing", |_| {}),
    ("it stopped", |host| {
        let row = first(host);
        (row.pid, row.netns, row.state) = (None, None, "exited".to_owned());
    }),
    ("it ended during the look", |host| {
        first(host).netns = None;
        first(host).netns_error = Some(why(SourceErrorKind::Gone));
    }),
    ("its namespace went during the look", |host| {
        host.kernel.rows_mut()[1].source_error = Some(why(SourceErrorKind::Gone));
    }),
    ("it shares the host's network", |host| {
        let row = first(host);
        (row.netns, row.network_mode) = (None, "host".to_owned());
    }),
];

#[test]
fn a_list_that_misses_a_container_names_it() {
    for (what, happens) in MISSED {
        let mut host = host();
        happens(&mut host);
        let error = require_all(&host, &[]).unwrap_err();
        let QueryError::Incomplete { names, more, .. } = &error else { panic!("{what}: {error}") };
        assert_eq!((names.as_slice(), *more), (&["c1".to_owned()][..], 0), "{what}");
        assert!(error.to_string().contains("c1"), "{what}: {error}");
        assert!(error.hint().unwrap().contains("--partial"), "{what}: {error:?}");
        assert!(require_whole(&host).is_err(), "{what}");
        assert_eq!(
            unlisted(&host).iter().map(|name| &**name).collect::<Vec<_>>(),
            ["c1"],
            "{what}"
        );
        let look = Look::new(host);
        assert!(look.require_all(&[]).is_err() && look.require_whole().is_err(), "{what}");
    }
    for (what, happens) in NOT_MISSED {
        let mut host = host();
        happens(&mut host);
        assert_eq!(require_all(&host, &[]), Ok(()), "{what}");
        assert!(unlisted(&host).is_empty(), "{what}");
    }
}

#[test]
fn what_filters_leave_out_is_not_missed() {
    let mut host = host();
    MISSED[0].1(&mut host);
    first(&mut host).labels.insert("tier".to_owned(), "web".to_owned());
    let misses = |words: &[&str]| {
        let filters: Vec<Filter> = words.iter().map(|word| word.parse().unwrap()).collect();
        require_all(&host, &filters).is_err()
    };
    assert!(misses(&["container=c1"]) && misses(&["container=c2", "container=c1"]));
    assert!(misses(&["label=tier"]) && misses(&["label=tier=web", "bridge=br0"]));
    assert!(!misses(&["container=c2"]) && !misses(&["label=tier=db"]));
    // Its engine may stand before its name or its id.
    for value in ["docker:c1", "docker:1111", "1111", "/c1", "docker:/c1"] {
        assert!(misses(&[&format!("container={value}")]), "{value}");
    }
    for value in ["docker:c2", "podman:c1", "podman:1111", "docker:2222"] {
        assert!(!misses(&[&format!("container={value}")]), "{value}");
    }
    assert!(!misses(&["label=tier", "label=other"]));
}

#[test]
fn a_namespace_with_a_name_is_missed_where_nothing_was_found() {
    let mut host = host();
    let first = first(&mut host);
    (first.pid, first.netns, first.state) = (None, None, "exited".to_owned());
    host.kernel.rows_mut()[1].names = vec!["blue".to_owned()];
    assert_eq!(require_whole(&host), Ok(()));
    host.kernel.rows_mut()[1].source_error = Some(why(SourceErrorKind::Denied));
    assert_eq!(require_all(&host, &[]), Ok(()));
    let error = require_whole(&host).unwrap_err();
    assert!(error.to_string().contains("blue"), "{error}");
}

#[test]
fn of_many_that_are_missed_the_first_are_named_and_the_rest_counted() {
    let mut host = host();
    MISSED[0].1(&mut host);
    let row = first(&mut host).clone();
    let many = (0..100).map(|n| Container { name: format!("m{n}").into(), ..row.clone() });
    *host.engines.values_mut().next().unwrap() = Ok(many.collect::<Vec<_>>()).into();
    let error = require_all(&host, &[]).unwrap_err();
    let QueryError::Incomplete { names, more, .. } = &error else { panic!("{error}") };
    assert_eq!((names.len(), more), (8, &92));
    assert!(error.to_string().contains("and 92 more"), "{error}");
}
