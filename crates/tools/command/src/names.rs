//! The names that arguments may have: of styles, and of programs of `examples/`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use quadrivium_examples::{programs::Program, styles::StyleName};

pub fn style_parser() -> impl TypedValueParser<Value = StyleName> {
    PossibleValuesParser::new(StyleName::ALL.map(StyleName::name))
        .map(|name| StyleName::named(&name).expect("clap accepts only these names"))
}

pub fn program_parser() -> impl TypedValueParser<Value = Program> {
    PossibleValuesParser::new(Program::ALL.map(|program| program.name))
        .map(|name| Program::named(&name).expect("clap accepts only these names"))
}
