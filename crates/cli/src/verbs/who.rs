//! `docker ovs who WHAT`.

use host::{Origin, Question};
use model::Look;
use model::query::QueryError;
use model::who::{Match, MatchedBy, WhoQuery, who};
use model::wiring::{ContainerRef, Occupant};
use report::{Cells, printable, v1, views};

use crate::args::WhoArgs;
use crate::outcome::{CliError, Outcome};
use crate::swapped::is_container;
use crate::writer::Text;

/// Answers `docker ovs who`; exit 1 when nothing fits, or names alone are wanted and there are none.
///
/// # Errors
/// No such bridge, a source that the answer needs is missing, or nothing fits and, without
/// `--partial`, something could not be read.
pub async fn run(origin: &Origin, args: &WhoArgs) -> Result<Outcome, CliError> {
    let question = Question { sources: vec![args.look.source.into()], ..Question::default() };
    let look = origin.look(&question).await;
    let query = WhoQuery::from(args.what.as_str());
    if let WhoQuery::PortOf { bridge, .. } = &query {
        look.bridge(bridge)?;
    }
    let hits = who(&look.snapshot, &look.wiring, &query);
    // What others recorded has one source or two: what they tell of a port is an answer, and says what
    // is unknown.
    if hits.is_empty() || matches!(origin, Origin::Live(_)) {
        look.require_sources()?;
    }
    if hits.is_empty() && !args.partial {
        look.require_whole()?;
    }
    let cells = Cells::no_trunc(args.no_trunc);
    let text = if args.quiet {
        Text::lines(&names(&hits))
    } else {
        let mut rows: Vec<_> = hits.iter().map(|(by, hit)| v1::Match::new(*by, hit)).collect();
        rows.sort_by(|a, b| (&a.bridge, &a.who).cmp(&(&b.bridge, &b.who)));
        Text::cells(&args.format, cells, &views::WHO, &rows)?
    };
    let mut remarks = look.remarks();
    if hits.is_empty() {
        let word = &args.what;
        remarks.push(format!("{word} not found"));
        remarks.extend(container_of(&look, word, args.partial)?);
    }
    let names_none = args.quiet && hits.iter().all(|(_, hit)| tenants(hit).is_empty());
    let doubt = hits.iter().find_map(|(_, hit)| doubt(hit)).filter(|_| names_none);
    let unknown = doubt.is_some();
    remarks.extend(doubt.map(|why| format!("who is there is unknown: {why}")));
    let nothing = (hits.is_empty() || names_none) && !unknown;
    Ok(Outcome { text, remarks, nothing, unknown, ..Outcome::default() })
}

/// Of a word that nothing fits: that it is a container, or names one.
///
/// # Errors
/// It is written as what it cannot be, it is ambiguous, or, unless the answer may be `partial`, that cannot be known.
fn container_of(look: &Look, word: &str, partial: bool) -> Result<Option<String>, CliError> {
    let told = |name: &str| format!("{name} is a container: docker ovs port {name}");
    let is_qualified = || word.contains(':') && look.container(word).is_ok();
    if is_container(&look.snapshot, word) || is_qualified() {
        return Ok(Some(told(word)));
    }
    if !matches!(WhoQuery::from(word), WhoQuery::Name(_)) {
        return Ok(None);
    }
    if word.contains('=') {
        return Err(CliError::new(format!("{word} is no port")).hint(
            "of what flows match, in_port=3 alone names one; BRIDGE:3 is that of one bridge",
        ));
    }
    let Some((before, _)) = word.rsplit_once(':') else { return Ok(None) };
    if look.bridge(before).is_ok() {
        return Ok(Some(format!("docker ovs ports {before} lists its ports")));
    }
    match look.named(before) {
        Ok(_) => Ok(Some(told(before))),
        Err(QueryError::NoSuchContainer { .. }) => Err(CliError::new(format!(
            "{word} is no address, and {before} is neither a bridge nor a container"
        ))
        .hint("docker ovs who takes BRIDGE:PORT, CONTAINER:INTERFACE and whole addresses")),
        Err(error) if partial && error.is_for_the_unseen() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Every tenant, each once for each interface.
fn names(hits: &[(MatchedBy, Match<'_>)]) -> String {
    let tenants = hits.iter().flat_map(|(_, hit)| tenants(hit));
    tenants.map(|who| printable(who.called()) + "\n").collect()
}

fn tenants<'a>(hit: &'a Match<'_>) -> Vec<&'a ContainerRef> {
    match hit {
        Match::Attachment(found) => found.tenants.iter().map(|who| &**who).collect(),
        // Who is behind a port has not the address that is the port's own, but is there.
        Match::Port(row) => {
            let plugged = row.occupant.plugs().iter().flat_map(|plug| plug.tenants.iter());
            plugged.map(|who| &**who).collect()
        }
    }
}

/// Why it is not known who is on a port.
fn doubt<'a>(hit: &'a Match<'_>) -> Option<&'a str> {
    match hit {
        Match::Port(row) => match &row.occupant {
            Occupant::Unknown { why } => Some(why),
            _ => None,
        },
        Match::Attachment(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_by_its_own_address_has_the_names_of_what_is_behind_it() {
        let scene = include_str!("../../tests/scenes/article.json");
        let look = Look::new(serde_json::from_str::<model::Snapshot>(scene).unwrap());
        let mut told = 0;
        for row in &look.wiring.ports {
            let Some(first) =
                row.occupant.plugs().iter().flat_map(|plug| plug.tenants.iter()).next()
            else {
                continue;
            };
            told += 1;
            let hits = [(MatchedBy::Mac, Match::Port(row))];
            assert!(names(&hits).starts_with(&format!("{}\n", first.called())), "{row:?}");
        }
        assert!(told > 0);
    }

    #[test]
    fn a_word_that_several_fit_is_an_error_of_a_partial_answer_too() {
        let scene = include_str!("../../tests/scenes/article.json");
        let mut scene: serde_json::Value = serde_json::from_str(scene).unwrap();
        let told = |scene: &serde_json::Value, partial| {
            let snapshot = serde_json::from_value::<model::Snapshot>(scene.clone()).unwrap();
            let told = container_of(&Look::new(snapshot), "webserver:eth9", partial);
            told.map_err(|error| error.to_string())
        };
        assert!(told(&scene, true).is_ok_and(|told| told.is_some()), "one engine has it");
        scene["engines"]["incus"] = serde_json::json!({
            "state": "fresh",
            "rows": [{
                "id": "webserver@incus",
                "name": "webserver",
                "state": "running",
                "pid": 4242,
                "netns": { "dev": 4, "ino": 4_026_532_999_u64 },
                "network_mode": "",
            }],
        });
        for partial in [false, true] {
            let told = told(&scene, partial).unwrap_err();
            assert!(told.contains("ambiguous"), "{told}");
        }
    }
}
