//! Why an option is refused.

/// An option and what it takes.
pub(super) type KnownOption = (&'static str, &'static str);

/// Why options are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// There is none of that name.
    #[error("no option {name}; there are {}", listed(known))]
    Unknown {
        /// What was given.
        name: String,
        /// What there is.
        known: &'static [KnownOption],
    },
    /// The value makes no sense.
    #[error("option {name}={value}: {why}; it takes {takes}")]
    Bad {
        /// The option.
        name: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it.
        why: String,
        /// What it takes.
        takes: &'static str,
    },
    /// An option that is needed.
    #[error(
        "option bridge is missing: -o bridge=NAME names the bridge, which is made if it is not there"
    )]
    NoBridge,
    /// Two that exclude each other.
    #[error("{0}")]
    Together(&'static str),
}

fn listed(known: &[KnownOption]) -> String {
    let all: Vec<_> = known.iter().map(|(name, takes)| format!("{name}={takes}")).collect();
    all.join(", ")
}
