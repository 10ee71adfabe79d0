//! One integration binary.

mod it {
    mod custody;
    mod disclosure;
    mod docs;
    mod end_to_end;
    mod hygiene;
    mod ingest;
    mod ingest_real;
    mod layering;
    mod lockfile;
    mod money;
    mod mutated;
    mod real_input;
    mod records;
    mod resolve;
    mod source;
    mod sql;
    mod workspace;
}
