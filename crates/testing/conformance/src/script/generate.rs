//! Makes up scripts, and shrinks those that part.

use proptest::{collection::vec, prelude::*};

use super::{Instruction, Script};

/// Scripts that contain scripts, `depth` deep, and of which some are long.
pub fn scripts(depth: u32) -> impl Strategy<Value = Script> {
    let inner = (0..depth).fold(script(instruction().boxed(), 0..5), |inner, _| {
        script(containing(inner).boxed(), 0..6)
    });
    script(containing(inner).boxed(), 2..12)
}

fn script(
    instruction: BoxedStrategy<Instruction>,
    length: std::ops::Range<usize>,
) -> BoxedStrategy<Script> {
    let script = (0..8_u8, vec(instruction, length));
    script.prop_map(|(part, instructions)| Script { part, instructions }).boxed()
}

/// Those that contain no script.
fn instruction() -> impl Strategy<Value = Instruction> {
    let (ms, n, channel, end) = (0..6_u8, 0..6_u8, 0..3_u8, 0..2_u8);
    prop_oneof![
        8 => Just(Instruction::Turn),
        6 => ms.clone().prop_map(Instruction::Sleep),
        2 => ms.prop_map(Instruction::Work),
        4 => Just(Instruction::Hold),
        3 => n.clone().prop_map(Instruction::Join),
        3 => n.clone().prop_map(Instruction::Cancel),
        2 => n.prop_map(Instruction::Detach),
        8 => channel.clone().prop_map(Instruction::Send),
        4 => channel.prop_map(Instruction::Recv),
        2 => Just(Instruction::Wait),
        3 => Just(Instruction::NotifyOne),
        2 => Just(Instruction::NotifyAll),
        4 => end.clone().prop_map(Instruction::Write),
        3 => end.clone().prop_map(Instruction::Read),
        1 => end.prop_map(Instruction::CloseWrite),
        1 => Just(Instruction::Fail),
        1 => Just(Instruction::Panic),
    ]
}

/// Those that contain one, and those that do not.
fn containing(inner: BoxedStrategy<Script>) -> impl Strategy<Value = Instruction> {
    let script = inner.clone();
    let pair = (inner.clone(), inner);
    prop_oneof![
        8 => instruction(),
        8 => script.clone().prop_map(Instruction::Spawn),
        4 => script.clone().prop_map(Instruction::Perform),
        2 => pair.clone().prop_map(|(a, b)| Instruction::Both(a, b)),
        3 => pair.prop_map(|(a, b)| Instruction::Race(a, b)),
        3 => (0..6_u8, script).prop_map(|(ms, script)| Instruction::Timeout(ms, script)),
    ]
}
