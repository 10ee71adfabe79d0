//! Pieces of work side by side: the result does not depend on how many threads there are.

use std::cmp;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::slice::ParallelSliceMut;

/// Sorts; equal items must be the same in all that counts.
pub fn sort_by<T: Send>(items: &mut [T], threads: usize, order: impl Fn(&T, &T) -> cmp::Ordering + Sync) {
    match rayon::ThreadPoolBuilder::new().num_threads(threads.max(1)).build() {
        Ok(pool) => pool.install(|| items.par_sort_unstable_by(&order)),
        // A system that gives no more threads can still sort.
        Err(_) => items.sort_unstable_by(order),
    }
}

/// The results of `n` pieces of work in their order, whoever did which.
pub fn side_by_side<T: Send>(n: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let share = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return done;
            }
            done.push((i, work(i)));
        }
    };
    let mut all: Vec<(usize, T)> = std::thread::scope(|scope| {
        let handles: Vec<_> = (1..threads).map(|_| scope.spawn(share)).collect();
        let own = share();
        let others = handles.into_iter().flat_map(|h| h.join().expect("the work does not panic"));
        others.chain(own).collect()
    });
    all.sort_unstable_by_key(|(i, _)| *i);
    all.into_iter().map(|(_, done)| done).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_sort_like_one() {
        let mut items: Vec<u64> = (0..50_000_u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 1_000).collect();
        let mut plain = items.clone();
        plain.sort_unstable();
        sort_by(&mut items, 3, u64::cmp);
        assert_eq!(items, plain);
    }

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        for threads in [0, 1, 2, 5] {
            assert_eq!(side_by_side(7, threads, |i| i * i), [0, 1, 4, 9, 16, 25, 36]);
            assert!(side_by_side(0, threads, |i| i).is_empty());
        }
    }
}
