//! One integration binary.

mod it {
    mod disclosure;
    mod docs;
    mod hygiene;
    mod ingest;
    mod ingest_real;
    mod layering;
    mod lockfile;
    mod source;
    mod sql;
    mod workspace;
}
