//! Reading what a notification names comes to the same as reading everything.

use std::collections::BTreeSet;
use std::path::Path;

use lab::Netns as Space;
use model::ids::Ifindex;
use netns::{LinkWatch, Netns};

use super::again::read_switch_again;
use super::read::read_switch;
use super::sockets::SocketOwner;

/// So many things happen.
const STEPS: usize = 200;
const SPARE: &str = "spare";

/// Numbers that look random, the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }
}

fn open(space: &Space) -> Netns {
    Netns::open(Path::new("/run/netns").join(space.name()).as_path()).unwrap()
}

/// Something happens to a link here or there; what the kernel refuses does not.
fn happen(dice: &mut Dice, here: &Space, there: &Space, step: usize) -> String {
    let [here, there] = [here.name(), there.name()];
    let (a, b) = (format!("v{}", dice.below(6)), format!("v{}", dice.below(6)));
    let address = format!("192.0.2.{}/24", 1 + dice.below(3));
    let (name, mtu) = (format!("x{step}"), (1300 + dice.below(3)).to_string());
    let inside = if dice.below(3) == 0 { there } else { here };
    let words: Vec<&str> = match dice.below(13) {
        0 => vec!["-n", here, "link", "add", &a, "type", "veth", "peer", "name", &b],
        1 => {
            vec!["-n", here, "link", "add", &a, "type", "veth", "peer", "name", &b, "netns", there]
        }
        2 => vec!["-n", inside, "link", "delete", &a],
        3 => vec!["-n", here, "link", "set", &a, "netns", there],
        4 | 5 => vec!["-n", there, "link", "set", &a, "netns", here],
        6 => vec!["-n", inside, "link", "set", &a, "up"],
        7 => vec!["-n", inside, "link", "set", &a, "mtu", &mtu],
        8 => vec!["-n", inside, "address", "add", &address, "dev", &a],
        9 => vec!["-n", inside, "address", "flush", "dev", &a],
        10 => vec!["-n", inside, "link", "property", "add", "dev", &a, "altname", &name],
        11 => vec!["-n", inside, "link", "set", &a, "promisc", "on"],
        _ => vec!["-n", inside, "link", "set", &a, "address", "02:00:00:00:00:09"],
    };
    let done = lab::try_run("ip", &words).map_or("refused", |_| "done");
    format!("ip {}: {done}", words.join(" "))
}

#[test]
fn what_is_read_again_is_what_is_there() {
    lab::need!(Root);
    let seed = std::env::var("LINKS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(crate::random);
    let (mut dice, mut told) = (Dice(seed), vec![format!("LINKS_SEED={seed}")]);
    let (here, there) = (Space::new(), Space::new());
    lab::run("ip", &["-n", here.name(), "link", "add", SPARE, "type", "veth"]);
    let switch = open(&here);
    let listening = netns::visit(&[&switch], |_, _| LinkWatch::here(false)).remove(0).unwrap();
    let mut known = read_switch(&switch, &SocketOwner::default());
    let mut alone = 0;
    for step in 0..STEPS {
        told.push(happen(&mut dice, &here, &there, step));
        let drained = listening.drain().unwrap();
        let links: BTreeSet<_> = drained.links.into_iter().map(Ifindex).collect();
        let whole = read_switch(&switch, &SocketOwner::default());
        if drained.others == 0 && !drained.lost {
            let again = read_switch_again(&switch, &SocketOwner::default(), known, &links);
            let later = listening.drain().unwrap();
            if later.links.is_empty() && later.others == 0 && !later.lost {
                assert_eq!(again, whole, "{}", told.join("\n"));
                alone += 1;
            } else {
                // The kernel gives link-local addresses, and takes them, whenever it likes: between both readings too.
                known = read_switch(&switch, &SocketOwner::default());
                continue;
            }
        }
        known = whole;
    }
    assert!(alone > STEPS / 2, "{alone}");
}
