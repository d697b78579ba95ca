//! This host as the gateway of several networks at once: netavark starts a driver for each call, and each puts what
//! all networks need in place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use lab::Bridge;

use crate::gateways::Guest;

/// At the end of each call, and not only once all are done: what a driver has read before is not what it puts
/// in place after.
#[test]
fn drivers_beside_each_other_leave_each_gateway_as_its_last_call_did() {
    lab::alone!(Lab);
    let [quiet, restless] = [0, 1].map(Guest::new);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        // A network that comes and goes all the time: each of its drivers puts all others' in place too.
        scope.spawn(|| {
            while !is_over.load(Ordering::SeqCst) {
                restless.call("setup");
                restless.call("teardown");
            }
        });
        let all_was_right = scope.spawn(|| {
            for round in 0..20 {
                quiet.call("setup");
                assert_eq!(quiet.standing(), (true, true), "set up, round {round}");
                quiet.call("teardown");
                assert_eq!(quiet.standing(), (false, false), "torn down, round {round}");
            }
        });
        let all_was_right = all_was_right.join();
        is_over.store(true, Ordering::SeqCst);
        all_was_right.unwrap();
    });
    for guest in [quiet, restless] {
        assert_eq!(guest.standing(), (false, false), "{}", guest.bridge.name());
    }
}

/// One that comes while the last one before it goes.
#[test]
fn a_network_stays_for_the_container_that_is_set_up_as_another_is_torn_down() {
    lab::need!(Lab);
    let bridge = Arc::new(Bridge::new());
    let [mut comes, mut goes] =
        [2, 3].map(|host| Guest::on(&bridge, 10, host, 18230 + 2 * u16::from(host)));
    goes.call("setup");
    for round in 0..20 {
        thread::scope(|scope| {
            scope.spawn(|| comes.call("setup"));
            scope.spawn(|| goes.call("teardown"));
        });
        assert_eq!(comes.standing(), (true, true), "round {round}");
        (comes, goes) = (goes, comes);
    }
    goes.call("teardown");
    assert_eq!(goes.standing(), (false, false));
}

#[test]
fn a_port_of_the_host_is_for_one_of_two_containers_that_come_at_once() {
    lab::need!(Lab);
    let guests = [20, 21].map(|number| Guest::on(&Arc::new(Bridge::new()), number, 2, 18241));
    for round in 0..10 {
        let codes = thread::scope(|scope| {
            let calls = guests.each_ref().map(|guest| scope.spawn(|| guest.said("setup")));
            calls.map(|call| call.join().unwrap())
        });
        let mut sorted = codes.each_ref().map(|said| said.code);
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1], "round {round}: {codes:?}");
        assert!(codes.iter().any(|said| said.stdout.contains("is for")), "{codes:?}");
        for guest in &guests {
            guest.call("teardown");
        }
    }
}
