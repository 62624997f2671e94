//! The messages of the compiler for common mistakes. Beside each case is the expected message.
//! `TRYBUILD=overwrite cargo test -p quadrivium --test messages` writes the messages anew.

#[test]
fn the_compiler_names_the_remedy() {
    trybuild::TestCases::new().compile_fail("tests/messages/cases/*.rs");
}
