//! A port of the host leads to one place: to one port of one container, by one of its networks.

use std::collections::HashMap;

use model::endpoint_record::EndpointRecord;
use model::published::{Protocol, PublishedPort};

use crate::DriverError;

/// What a container has by another one of its networks already.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Elsewhere {
    pub(super) first: PublishedPort,
    /// The endpoint that has it.
    pub(super) holder: String,
}

/// What is published, by the port of the host: of ranges there are tens of thousands.
pub(super) struct ByHostPort<H>(HashMap<(Protocol, u16), Vec<(PublishedPort, H)>>);

impl<H: Copy> ByHostPort<H> {
    pub(super) fn of(all: impl IntoIterator<Item = (PublishedPort, H)>) -> Self {
        let mut by_port: HashMap<_, Vec<_>> = HashMap::new();
        for (port, holder) in all {
            by_port.entry((port.protocol, port.host_port)).or_default().push((port, holder));
        }
        Self(by_port)
    }

    /// Those that are for the same port of the host as `wanted`.
    pub(super) fn in_the_way_of(
        &self,
        wanted: PublishedPort,
    ) -> impl Iterator<Item = (PublishedPort, H)> {
        let all = self.0.get(&(wanted.protocol, wanted.host_port));
        all.into_iter().flatten().copied().filter(move |(port, _)| port.is_in_the_way_of(&wanted))
    }
}

/// The ports that no other endpoint of the container has, and the first that one of these, its `own`, has.
pub(super) fn without_held(
    wanted: &[PublishedPort],
    own: &[EndpointRecord],
) -> (Vec<PublishedPort>, Option<Elsewhere>) {
    let all =
        own.iter().flat_map(|record| record.published.iter().map(move |port| (*port, record)));
    let held = ByHostPort::of(all);
    let (mut published, mut elsewhere) = (Vec::new(), None);
    for port in wanted {
        match held.in_the_way_of(*port).next() {
            None => published.push(*port),
            Some((_, record)) if elsewhere.is_none() => {
                elsewhere = Some(Elsewhere { first: *port, holder: record.to_string() });
            }
            Some(_) => {}
        }
    }
    (published, elsewhere)
}

/// Makes sure that each port of the host leads to one port of the container.
///
/// # Errors
/// One is for two.
pub(super) fn require_one_each(published: &[PublishedPort]) -> Result<(), DriverError> {
    let all = ByHostPort::of(published.iter().map(|port| (*port, ())));
    for wanted in published {
        let mut same = all.in_the_way_of(*wanted);
        if let Some((other, ())) = same.find(|(other, ())| other.port != wanted.port) {
            let why = format!(
                "-p {wanted} and -p {other}: one port of the host leads to one port of the container"
            );
            return Err(DriverError::new(why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports(texts: &[&str]) -> Vec<PublishedPort> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn what_a_container_has_by_another_network_is_not_published_again() {
        let record = |name: &str, published: &[&str]| EndpointRecord {
            name: Some("web".to_owned()),
            network_name: Some(name.to_owned()),
            published: ports(published),
            ..EndpointRecord::default()
        };
        let own = [record("lan", &["8080:80/tcp", "192.0.2.1:53:53/udp"]), record("dmz", &[])];
        let wanted = ports(&["8080:80/tcp", "8081:81/tcp", "192.0.2.2:53:53/udp", "53:53/udp"]);
        let (published, elsewhere) = without_held(&wanted, &own);
        assert_eq!(published, ports(&["8081:81/tcp", "192.0.2.2:53:53/udp"]));
        let Elsewhere { first, holder } = elsewhere.unwrap();
        assert_eq!((first, holder.as_str()), (wanted[0], "web on network lan"));
        assert_eq!(without_held(&wanted, &[]), (wanted.clone(), None));
    }

    #[test]
    fn a_port_of_the_host_leads_to_one_port_of_the_container() {
        let refused = |texts: &[&str]| {
            let said = require_one_each(&ports(texts)).err();
            said.map(|error| error.to_string()).unwrap_or_default()
        };
        for fine in [
            &["8080:80/tcp", "8081:80/tcp", "8080:80/udp"][..],
            &["8080:80/tcp", "8080:80/tcp"],
            &["0.0.0.0:8080:80/tcp", "192.0.2.1:8080:80/tcp"],
            &["192.0.2.2:8080:80/tcp", "192.0.2.1:8080:81/tcp"],
        ] {
            assert_eq!(refused(fine), "", "{fine:?}");
        }
        for bad in [
            ["8080:80/tcp", "8080:81/tcp"],
            ["0.0.0.0:8080:80/tcp", "192.0.2.1:8080:81/tcp"],
            ["8080:80/udp", "[::]:8080:81/udp"],
        ] {
            assert!(refused(&bad).contains("leads to one port of"), "{bad:?}");
        }
    }
}
