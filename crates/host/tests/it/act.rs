//! Acting where a source is missing: nothing is touched.

use std::sync::Arc;

use host::ActError;
use model::plan::{Connect, Disconnect, Prune, Restore};

use crate::fake_engine::FakeEngine;
use crate::rows::{container, host};

#[tokio::test(start_paused = true)]
async fn without_a_database_nothing_is_changed() {
    let docker = FakeEngine::new("docker", vec![container("d1", "web")]);
    let (host, _folder) = host(vec![Arc::clone(&docker) as _]);
    let request =
        Connect { bridge: "br0".to_owned(), container: "web".to_owned(), ..Connect::default() };
    let refused = [
        host.connect(&request).await.err(),
        host.disconnect(&Disconnect {
            bridge: "br0".to_owned(),
            container: "web".to_owned(),
            interface: None,
            force: false,
        })
        .await
        .err(),
        host.restore(&Restore { containers: vec!["web".to_owned()], only: None }).await.err(),
        host.prune(&Prune { bridge: None, until: None, all: false, stopped: false }, &[])
            .await
            .err(),
    ];
    for act_error in refused {
        match act_error {
            // Of the look before the lock.
            Some(ActError::Refused(_)) => {}
            Some(ActError::Failed { left, .. }) => assert!(left.is_empty(), "{left:?}"),
            other => panic!("{other:?}"),
        }
    }
    let request = Prune { bridge: None, until: None, all: true, stopped: false };
    assert!(matches!(host.prune_candidates(&request).await, Err(ActError::Refused(_))));
}
