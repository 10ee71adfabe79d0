#![no_main]

// A mapping of the workspace, read and then used on a small file.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| clew_fuzz::load_with_mapping(bytes));
