//! The five steps of the 2014 script, each with what was found.

use model::evidence::Evidence;
use model::ids::short_id;
use model::query::Subject;
use model::switch::SwitchSource;
use model::told::some;
use model::wiring::Attachment as Found;
use serde::Serialize;

use super::{Attachment, Source, StepName};

/// How an answer came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Explanation {
    /// The answer.
    pub attachment: Attachment,
    /// The steps to it, in order.
    pub steps: Vec<Step>,
    /// Who was asked, and whose world each speaks of; not told where that is shown elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "PascalCase")]
pub struct Step {
    /// Which of the five steps from a container to a number, 1–5.
    #[serde(rename = "Step")]
    pub number: u8,
    /// Its name.
    pub name: StepName,
    /// What was found.
    pub found: String,
    /// Who said so, and by which rule.
    pub source: String,
}

impl Explanation {
    /// The explanation of one attachment, told of its first tenant.
    pub fn new(found: &Found) -> Self {
        Self::told(found, Attachment::new(found, None))
    }

    /// The explanation of one attachment, told of the container that was asked about.
    pub fn of(found: &Found, target: Subject<'_>) -> Self {
        Self::told(found, Attachment::of(found, target))
    }

    fn told(found: &Found, attachment: Attachment) -> Self {
        let link = Step {
            number: 2,
            name: StepName::Namespace,
            found: link(found),
            source: "kernel".to_owned(),
        };
        let mut steps: Vec<_> = found.evidence.iter().map(step).collect();
        steps.extend(datapath(found));
        steps.insert(steps.iter().take_while(|step| step.number == 1).count(), link);
        steps.extend(end(found, &steps));
        if let Some(endpoint) = endpoint(found) {
            let at = steps.iter().take_while(|step| step.number <= endpoint.number).count();
            steps.insert(at, endpoint);
        }
        let notes = some(found.notes.iter().map(ToString::to_string));
        let attachment = Attachment { notes, ..attachment };
        Self { attachment, steps, sources: Vec::new() }
    }

    /// The same, with who was asked.
    pub fn asked_of(self, sources: Vec<Source>) -> Self {
        Self { sources, ..self }
    }
}

/// The name of step 1 to 5.
fn name(number: u8) -> StepName {
    let all = usize::from(number).checked_sub(1).and_then(|at| StepName::ALL.get(at));
    all.copied().unwrap_or(StepName::Number)
}

fn step(evidence: &Evidence) -> Step {
    let number = evidence.step();
    let (found, source) = words(evidence);
    Step { number, name: name(number), found, source }
}

/// What the 2014 script's author calls the Linux port number, which is not the answer but often taken for it.
fn datapath(found: &Found) -> Option<Step> {
    let number = found.port.port()?.dp_port?;
    let found = format!("datapath port {number}");
    Some(Step {
        number: 5,
        name: StepName::Number,
        found,
        source: SwitchSource::Appctl.to_string(),
    })
}

/// The network whose driver made it.
fn endpoint(found: &Found) -> Option<Step> {
    let endpoint = found.port.port()?.endpoint.as_ref()?;
    let id = short_id(&endpoint.id);
    let found = format!("endpoint {id} of the network {}", endpoint.network);
    Some(Step {
        number: 4,
        name: StepName::Port,
        found,
        source: "external_ids of the network driver".to_owned(),
    })
}

fn link(found: &Found) -> String {
    let link = &found.link;
    let kind = link.kind.as_deref().unwrap_or("hardware");
    format!("{}: {} is link {}, {kind}", found.netns, link.name, link.ifindex)
}

fn words(evidence: &Evidence) -> (String, String) {
    match evidence {
        Evidence::Namespace { container, pid: Some(pid), netns } => {
            (format!("{container} runs as process {pid} in {netns}"), "engine".to_owned())
        }
        Evidence::Namespace { container, pid: None, netns } => {
            (format!("{container} lives in {netns}"), "engine".to_owned())
        }
        Evidence::VethPeer { netns, ifindex, name, confirmed, .. } => {
            (format!("veth to link {ifindex}, {name}, in {netns}"), format!("kernel, {confirmed}"))
        }
        Evidence::Lower { netns, name, .. } => {
            (format!("it stands on {name} in {netns}"), "kernel, parent link".to_owned())
        }
        Evidence::LinuxBridge { bridge, through } => {
            (format!("Linux bridge {bridge}, tied to the switch by {through}"), "kernel".to_owned())
        }
        Evidence::SameName { iface } => {
            (format!("interface {iface}"), "switch, same name as the link".to_owned())
        }
        Evidence::SameIfindex { ifindex, link, iface } => {
            (format!("interface {iface}"), format!("switch, it holds link {ifindex}, {link}"))
        }
        Evidence::AltName { link, iface } => {
            (format!("interface {iface}"), format!("switch, an alternative name of {link}"))
        }
        Evidence::CutName { link, iface } => (
            format!("interface {iface}"),
            format!("switch, {link} is what the kernel keeps of that name"),
        ),
        Evidence::InternalName { iface } => (
            format!("internal port {iface}"),
            "switch, no link of its namespace has that name, and one here has".to_owned(),
        ),
        Evidence::ExternalIds { writer, iface } => {
            (format!("interface {iface}"), format!("external_ids in the manner of {writer}"))
        }
        Evidence::SameMac { iface } => {
            (format!("interface {iface}"), "switch, same hardware address".to_owned())
        }
        Evidence::Number { source, bridge, ofport } => {
            (format!("{ofport} on bridge {bridge}"), source.to_string())
        }
    }
}

/// Where the chain ends early, the step it ends at says why.
fn end(found: &Found, steps: &[Step]) -> Option<Step> {
    use model::wiring::AttachmentState;
    let last = steps.iter().map(|step| step.number).max().unwrap_or(0);
    let why = match &found.port {
        AttachmentState::On(_) => return None,
        AttachmentState::Pending(_) => "vswitchd has not assigned a number yet".to_owned(),
        AttachmentState::Failed(port) => {
            format!(
                "vswitchd could not make the port: {}",
                port.error.as_deref().unwrap_or("no reason given")
            )
        }
        AttachmentState::Several { .. } => found.port.several().unwrap_or_default(),
        AttachmentState::NotOnSwitch => "no port of any bridge is there".to_owned(),
        AttachmentState::Unknown { why } => why.clone(),
    };
    let number = (last + 1).clamp(3, 5);
    let found = format!("the chain ends here: {why}");
    Some(Step { number, name: name(number), found, source: String::new() })
}
