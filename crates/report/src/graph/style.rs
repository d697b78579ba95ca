//! How the picture looks, by day and by night: one set of rules, two palettes.

use super::colour::{HUES, Rgb, hex, shade};

/// Ground of a label by day.
pub(super) const LIGHT_CARD: Rgb = [0xff, 0xff, 0xff];
/// Ground of a label by night.
pub(super) const DARK_CARD: Rgb = [0x23, 0x2a, 0x33];

/// Colours as CSS writes them.
struct Palette {
    card: Rgb,
    ground: &'static str,
    plate: &'static str,
    edge: &'static str,
    ear: &'static str,
    ink: &'static str,
    soft: &'static str,
    alarm: &'static str,
    warn: &'static str,
    good: &'static str,
    cord: &'static str,
    quiet: &'static str,
    bezel: &'static str,
    hole: &'static str,
    gold: &'static str,
}

const LIGHT: Palette = Palette {
    card: LIGHT_CARD,
    ground: "#e4e9ee",
    plate: "#f3f5f8",
    edge: "#c3ccd6",
    ear: "#dde3ea",
    ink: "#18202a",
    soft: "#566373",
    alarm: "#b3261e",
    warn: "#a85b00",
    good: "#18a957",
    cord: "#7a4fd0",
    quiet: "#5c6b7c",
    bezel: "#b9c3ce",
    hole: "#252d37",
    gold: "#d9b45b",
};

const DARK: Palette = Palette {
    card: DARK_CARD,
    ground: "#0e1217",
    plate: "#191f27",
    edge: "#323c48",
    ear: "#232b35",
    ink: "#e8edf3",
    soft: "#9fadbc",
    alarm: "#ff8a80",
    warn: "#f5b04c",
    good: "#3ddc84",
    cord: "#b79bff",
    quiet: "#9aa9b9",
    bezel: "#3d4855",
    hole: "#07090c",
    gold: "#c9a34a",
};

/// What no palette changes. What `use` repeats is styled without its ancestors.
const SHAPES: &str = "\
.wiring{font-family:ui-sans-serif,system-ui,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',sans-serif}\
.wiring text{font-size:11px}\
.wiring .mono,.wiring .lines{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\
.wiring .mid{text-anchor:middle}.wiring .end{text-anchor:end}\
.wiring .bridge{font-size:19px;font-weight:700}\
.wiring .number{font-size:12px;font-weight:700}\
.wiring .what{font-size:10.5px;font-weight:700;letter-spacing:.04em}\
.wiring .lines{font-size:10.5px}.wiring text.tiny{font-size:9px}.wiring.dense .number{font-size:9.5px}\
.wiring .strong{font-weight:700}\
.wiring text.sign{font-size:17px;font-weight:700;fill:#f3f5f8}\
.wiring .cable{stroke-width:6;stroke-linecap:round;fill:none}\
.wiring .cord{fill:none;stroke-width:5;stroke-linejoin:round;stroke-linecap:round}\
.wiring .casing{fill:none;stroke-width:9;stroke-linejoin:round}\
.wiring .orphaned .card,.wiring .orphaned .rim{stroke-dasharray:4 3}\
.wiring .orphaned .cable{stroke-dasharray:3 8}\
";

/// The style sheet of the picture, for the page that holds it.
pub fn stylesheet() -> String {
    let day = rules(&LIGHT);
    let night = rules(&DARK);
    format!("{SHAPES}{day}@media (prefers-color-scheme:dark){{{night}}}")
}

fn rules(palette: &Palette) -> String {
    let Palette { ground, plate, edge, ear, ink, soft, alarm, warn, good, .. } = palette;
    let Palette { cord, quiet, bezel, hole, gold, .. } = palette;
    let card = hex(palette.card);
    let hues = (0..HUES).map(|hue| tint(&format!(".v{hue}"), &hex(shade(hue, palette.card))));
    let kinds = [
        (".jack", *quiet),
        (".patch", cord),
        (".orphaned", warn),
        (".unknown", quiet),
        (".pending", warn),
        (".failed", alarm),
    ];
    let kinds = kinds.map(|(class, colour)| tint(class, colour));
    format!(
        ".wiring .ground{{fill:{ground}}}\
        .wiring .plate{{fill:{plate};stroke:{edge}}}\
        .wiring .ear{{fill:{ear}}}.wiring .screw{{fill:{plate};stroke:{edge}}}\
        .wiring .rule{{stroke:{edge}}}\
        .wiring{{fill:{ink}}}.wiring .soft{{fill:{soft}}}\
        .wiring .alarm{{fill:{alarm}}}.wiring .what{{fill:{card}}}\
        .wiring .card{{fill:{card};stroke:{edge}}}\
        .ovs-bezel{{fill:{bezel}}}.ovs-hole{{fill:{hole}}}.ovs-gold{{stroke:{gold};fill:none}}\
        .wiring .casing{{stroke:{plate}}}\
        .wiring .cord{{stroke:{cord}}}\
        .wiring .led{{fill:{good}}}\
        {}{}\
        .wiring .orphaned .led,.wiring .pending .led{{fill:{warn}}}\
        .wiring .failed .led{{fill:{alarm}}}.wiring .unknown .led{{fill:{soft}}}",
        kinds.concat(),
        hues.collect::<String>(),
    )
}

/// What has the colour of a jack: its strip, its plug and its cable.
fn tint(class: &str, colour: &str) -> String {
    format!(
        ".wiring {class} .strip,.wiring {class} .plug{{fill:{colour}}}\
        .wiring {class} .cable,.wiring {class} .rim{{stroke:{colour}}}"
    )
}
