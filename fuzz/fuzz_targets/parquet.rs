#![no_main]

use std::sync::Once;

static QUIET: Once = Once::new();

// The Parquet library panics on some damaged files, and clew catches that. libFuzzer's hook would end the process before; without it, what clew
// does not catch still ends it.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    QUIET.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    clew_fuzz::load("cases.parquet", bytes);
});
