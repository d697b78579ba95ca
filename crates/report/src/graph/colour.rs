//! A colour for each VLAN: the same everywhere, and legible.

/// Red, green and blue.
pub(super) type Rgb = [u8; 3];

/// Contrast of text that everyone can read (WCAG 2.2, success criterion 1.4.3, level AA).
pub(super) const LEGIBLE: f64 = 4.5;

/// So many hues there are. As it is prime, VLANs numbered in tens or hundreds differ too.
pub(super) const HUES: u16 = 23;

/// The hue of a VLAN, below [`HUES`]. Large steps keep neighbours apart.
pub(super) fn hue(tag: u16) -> u16 {
    ((tag % HUES) * 5 + 10) % HUES
}

/// A hue, dark or light enough to be read on `ground`, or `ground` on it.
pub(super) fn shade(hue: u16, ground: Rgb) -> Rgb {
    let degrees = f64::from(hue) * 360.0 / f64::from(HUES);
    let dark = luminance(ground) < 0.18;
    let steps = (0..100).map(|step| if dark { 45 + step } else { 55 - step }.clamp(0, 100));
    let mut colours = steps.map(|lightness| hsl(degrees, 0.62, f64::from(lightness) / 100.0));
    colours.find(|&colour| contrast(colour, ground) >= LEGIBLE + 0.5).unwrap_or([128; 3])
}

/// Contrast of two colours, 1 to 21 (WCAG 2.2, definition of contrast ratio).
pub(super) fn contrast(a: Rgb, b: Rgb) -> f64 {
    let a = luminance(a);
    let b = luminance(b);
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// As CSS writes it.
pub(super) fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Relative luminance (WCAG 2.2).
fn luminance(colour: Rgb) -> f64 {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let [r, g, b] = colour.map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Hue in degrees, saturation and lightness 0 to 1 (CSS Color Module Level 4, section 7).
fn hsl(hue: f64, saturation: f64, lightness: f64) -> Rgb {
    let amount = saturation * lightness.min(1.0 - lightness);
    [0.0, 8.0, 4.0].map(|n| {
        let k = (n + hue / 30.0).rem_euclid(12.0);
        let value = lightness - amount * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to 255
        let channel = (value * 255.0).round() as u8;
        channel
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::style;

    #[test]
    fn every_vlan_can_be_read_on_both_grounds() {
        for ground in [style::LIGHT_CARD, style::DARK_CARD] {
            for hue in 0..HUES {
                assert!(contrast(shade(hue, ground), ground) >= LEGIBLE, "{hue}");
            }
        }
    }

    #[test]
    fn vlans_numbered_in_ones_tens_or_hundreds_have_their_own_hues() {
        for step in [1, 10, 100] {
            let hues: std::collections::BTreeSet<_> = (1..=20).map(|n| hue(n * step)).collect();
            assert_eq!(hues.len(), 20, "steps of {step}");
        }
    }

    #[test]
    fn contrast_and_hsl_are_those_of_the_standards() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((contrast([0x77; 3], [255; 3]) - 4.478).abs() < 1e-3);
        assert_eq!(hsl(210.0, 0.5, 0.4), [51, 102, 153]);
    }
}
