//! The program as a plugin of netavark: `podman network create -d ovs`. netavark starts what is called
//! like the driver, in one of its `netavark_plugin_dirs`.

use std::path::Path;
use std::process::ExitCode;

use driver::netavark;
use host::Settings;

use crate::block_on;
use crate::outcome::{CliError, print, print_text};
use crate::writer::Text;

/// The name of the driver.
const NAME: &str = "ovs";

/// Whether the program was started under that name.
pub fn is_called() -> bool {
    let program = std::env::args_os().next().unwrap_or_default();
    Path::new(&program).file_name().is_some_and(|name| name == NAME)
}

/// Carries out what netavark asks for.
pub fn run() -> ExitCode {
    let words = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
    let words: Vec<_> = words.collect();
    let said = block_on(async {
        Ok::<_, CliError>(netavark::run(Settings::from_env(), &words, std::io::stdin()).await)
    });
    match said {
        Ok(said) if said.stdout.is_empty() => ExitCode::from(said.code),
        Ok(said) => print_text(NAME, &Text::json(said.stdout + "\n"), said.code),
        Err(error) => print(NAME, Err(error)),
    }
}
