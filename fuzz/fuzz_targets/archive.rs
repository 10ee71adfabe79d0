#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| clew_fuzz::load("answer.zip", bytes));
