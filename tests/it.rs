//! One integration binary.

mod it {
    mod docs;
    mod hygiene;
    mod layering;
    mod lockfile;
    mod source;
}
