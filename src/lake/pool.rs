//! How the memory of a session is shared. First come, first served, as in DataFusion's greedy pool, but an operator that has much and can spill leaves a
//! part of the memory to those that have little: a sort of one partition that took all would leave nothing for another to begin with, and what has
//! nothing yet cannot spill. Equal shares, as in DataFusion's fair pool, are too small for a query of many groupings.

use std::fmt;

use datafusion::common::resources_datafusion_err;
use datafusion::error::Result;
use datafusion::execution::memory_pool::{GreedyMemoryPool, MemoryLimit, MemoryPool, MemoryReservation};

/// One over this of the pool is much for one operator.
const MUCH: usize = 8;
/// One over this of the pool is left to operators that do not have much.
const LEFT: usize = 4;

/// See the module.
#[derive(Debug)]
pub(super) struct SharedPool {
    size: usize,
    all: GreedyMemoryPool,
}

impl SharedPool {
    /// A pool of so many bytes.
    pub fn new(size: usize) -> SharedPool {
        SharedPool { size, all: GreedyMemoryPool::new(size) }
    }
}

impl fmt::Display for SharedPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.all)
    }
}

impl MemoryPool for SharedPool {
    fn name(&self) -> &str {
        "shared"
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.all.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.all.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let has_much = reservation.size() + additional > self.size / MUCH;
        if reservation.consumer().can_spill() && has_much && self.reserved() + additional > self.size - self.size / LEFT {
            return Err(resources_datafusion_err!(
                "{} has {} bytes and asks for {additional} more; what is left of {self} is for operators that have less",
                reservation.consumer().name(),
                reservation.size()
            ));
        }
        self.all.try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.all.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.all.memory_limit()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::execution::memory_pool::MemoryConsumer;

    use super::*;

    #[test]
    fn who_has_much_and_can_spill_leaves_a_quarter_and_nobody_else_has_to() {
        let pool: Arc<dyn MemoryPool> = Arc::new(SharedPool::new(8_000));
        let spills = |name: &str| MemoryConsumer::new(name).with_can_spill(true).register(&pool);
        let (first, second) = (spills("first"), spills("second"));
        first.try_grow(6_000).unwrap();
        assert!(first.try_grow(1).is_err());
        second.try_grow(1_000).unwrap();
        assert!(second.try_grow(1).is_err(), "now it has much itself");
        let build = MemoryConsumer::new("build side").register(&pool);
        build.try_grow(1_000).unwrap();
        assert!(build.try_grow(1).is_err(), "all is taken");
        first.free();
        second.try_grow(3_000).unwrap();
        assert_eq!(pool.reserved(), 5_000);
    }
}
