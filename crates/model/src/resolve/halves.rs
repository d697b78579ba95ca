//! Work on many rows, of which another thread takes half, or one of two tasks.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder};

/// So many are worth a thread: it takes some 50 µs to start, and a row some 2.
const MANY: usize = 1000;

/// What `one` makes of each, in their order. Each thread has a `state` of its own. Where the system has no
/// thread to give, one does it all.
pub(super) fn map<T: Send, R: Send, S>(
    mut rows: Vec<T>,
    state: impl Fn() -> S + Sync,
    one: impl Fn(&S, T) -> R + Sync,
) -> Vec<R> {
    let work = |rows: Vec<T>| {
        let state = state();
        rows.into_iter().map(|row| one(&state, row)).collect::<Vec<R>>()
    };
    if rows.len() < MANY {
        return work(rows);
    }
    let rest = Mutex::new(rows.split_off(rows.len() / 2));
    let of_rest = || {
        let rest = std::mem::take(&mut *rest.lock().unwrap_or_else(PoisonError::into_inner));
        work(rest)
    };
    thread::scope(|scope| {
        let other = Builder::new().name("resolve".to_owned()).spawn_scoped(scope, of_rest);
        let mut made = work(rows);
        made.extend(match other {
            Ok(other) => other.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => of_rest(),
        });
        made
    })
}

/// What both tasks make, which need nothing of each other: of many `rows` another thread does one of them.
/// Where the system has no thread to give, they are done one after the other.
pub(super) fn both<A, B: Send>(
    rows: usize,
    one: impl FnOnce() -> A,
    other: impl Fn() -> B + Sync,
) -> (A, B) {
    if rows < MANY {
        return (one(), other());
    }
    thread::scope(|scope| {
        let started = Builder::new().name("resolve".to_owned()).spawn_scoped(scope, &other);
        let made = one();
        let others = match started {
            Ok(started) => started.join().unwrap_or_else(|panic| resume_unwind(panic)),
            Err(_) => other(),
        };
        (made, others)
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use std::thread;

    use super::{MANY, both, map};

    #[test]
    fn many_rows_keep_their_order_and_each_is_made_once() {
        for count in [0, 1, MANY - 1, MANY, 3 * MANY + 1] {
            let rows: Vec<_> = (0..count).collect();
            let doubled: Vec<_> = rows.iter().map(|row| row * 2).collect();
            let seen = || Cell::new(0);
            let double = |seen: &Cell<usize>, row| {
                seen.set(seen.get() + 1);
                assert!(seen.get() <= count.div_ceil(if count < MANY { 1 } else { 2 }));
                row * 2
            };
            assert_eq!(map(rows, seen, double), doubled);
        }
    }

    #[test]
    fn of_two_tasks_on_many_rows_another_thread_does_one() {
        let here = || thread::current().id();
        let (one, other) = both(MANY - 1, here, here);
        assert!(one == other && one == here());
        let (one, other) = both(MANY, here, here);
        assert!(one != other && one == here());
    }
}
