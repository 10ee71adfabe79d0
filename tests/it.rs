//! One integration binary.

mod it {
    mod disclosure;
    mod docs;
    mod hygiene;
    mod layering;
    mod lockfile;
    mod source;
    mod sql;
    mod workspace;
}
