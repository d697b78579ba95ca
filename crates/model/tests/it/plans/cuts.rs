//! What may be missing of a Snapshot that plans are made from.

use std::sync::Arc;

use docker_ovs_model::identity::{SourceIdentity, World};
use docker_ovs_model::snapshot::{Observed, Scope};
use docker_ovs_model::{Snapshot, SourceError, SourceErrorKind};

use crate::plans::scene::{docker, podman};

/// What is less of a Snapshot.
type Cut = Box<dyn Fn(&mut Snapshot)>;

/// Why a source tells nothing.
pub(super) fn why() -> SourceError {
    SourceError::new(SourceErrorKind::Gone, "it", "no answer")
}

/// What is told no more: nothing is known, or what was, be it that there was nothing.
fn not_told<T: Clone>(rows: &Observed<T>) -> [Observed<T>; 3] {
    let stale = |rows: Arc<[T]>| Observed::Stale { rows, why: why() };
    [Observed::Absent { why: why() }, stale([].into()), stale(rows.rows().into())]
}

/// Worlds that are not proven to be this one.
fn other_worlds() -> [World; 2] {
    [World::Elsewhere { why: "x".into() }, World::Unknown { why: "x".into() }]
}

/// Less of a Snapshot: a source cut, stale, or not identified.
pub(super) fn cuts(whole: &Snapshot) -> Vec<Snapshot> {
    let mut cuts: Vec<Cut> = vec![
        Box::new(|less: &mut Snapshot| less.scope = Scope::One),
        Box::new(|less: &mut Snapshot| less.switch_netns = None),
    ];
    for rows in not_told(&whole.kernel) {
        cuts.push(Box::new(move |less: &mut Snapshot| less.kernel = rows.clone()));
    }
    for n in 0..3 {
        cuts.push(Box::new(move |less: &mut Snapshot| {
            less.switch.values_mut().for_each(|rows| *rows = not_told(rows)[n].clone());
        }));
        cuts.push(Box::new(move |less: &mut Snapshot| {
            less.engines.values_mut().for_each(|rows| *rows = not_told(rows)[n].clone());
        }));
        for source in whole.switch.keys() {
            let source = *source;
            cuts.push(Box::new(move |less: &mut Snapshot| {
                let rows = less.switch.get_mut(&source).unwrap();
                *rows = not_told(rows)[n].clone();
            }));
        }
        for engine in whole.engines.keys() {
            let engine = engine.clone();
            cuts.push(Box::new(move |less: &mut Snapshot| {
                let rows = less.engines.get_mut(&engine).unwrap();
                *rows = not_told(rows)[n].clone();
            }));
        }
    }
    cuts.extend(identities_cut());
    cuts.extend((0..whole.kernel.rows().len()).flat_map(namespace_cut));
    cuts.push(Box::new(|less: &mut Snapshot| {
        less.kernel.rows_mut().iter_mut().for_each(|space| space.packet_sockets = None);
    }));
    cuts.push(Box::new(|less: &mut Snapshot| {
        less.kernel.rows_mut().iter_mut().for_each(|space| space.vswitchd_sockets = None);
    }));
    let less = |cut: Cut| {
        let mut less = whole.clone();
        cut(&mut less);
        less
    };
    cuts.into_iter().map(less).collect()
}

/// Without what tells who a source is.
fn identities_cut() -> Vec<Cut> {
    let mut cuts: Vec<Cut> = vec![
        Box::new(|less: &mut Snapshot| less.identities.engines.clear()),
        Box::new(|less: &mut Snapshot| less.identities.database = None),
        Box::new(|less: &mut Snapshot| less.identities.database.as_mut().unwrap().id = None),
        Box::new(|less: &mut Snapshot| less.identities.vswitchd = None),
    ];
    for world in other_worlds() {
        let (of_database, of_vswitchd) = (world.clone(), world);
        cuts.push(Box::new(move |less: &mut Snapshot| {
            less.identities.database.as_mut().unwrap().world = of_database.clone();
        }));
        cuts.push(Box::new(move |less: &mut Snapshot| {
            less.identities.vswitchd = Some(SourceIdentity::new(None, of_vswitchd.clone()));
        }));
    }
    for engine in [docker, podman] {
        cuts.push(Box::new(move |less: &mut Snapshot| {
            less.identities.engines.remove(&engine());
        }));
        cuts.push(Box::new(move |less: &mut Snapshot| {
            less.identities.engines.get_mut(&engine()).unwrap().id = None;
        }));
        for world in other_worlds() {
            cuts.push(Box::new(move |less: &mut Snapshot| {
                less.identities.engines.get_mut(&engine()).unwrap().world = world.clone();
            }));
        }
    }
    cuts
}

/// Without the namespace of this place among the rows, or without a part of it.
fn namespace_cut(n: usize) -> [Cut; 4] {
    [
        Box::new(move |less: &mut Snapshot| {
            let space = &mut less.kernel.rows_mut()[n];
            space.links.clear();
            space.source_error = Some(why());
        }),
        Box::new(move |less: &mut Snapshot| less.kernel.rows_mut()[n].links.clear()),
        Box::new(move |less: &mut Snapshot| less.kernel.rows_mut()[n].nsids.clear()),
        Box::new(move |less: &mut Snapshot| {
            let mut rows = less.kernel.rows().to_vec();
            rows.remove(n);
            less.kernel = Observed::Fresh { rows: rows.into() };
        }),
    ]
}
