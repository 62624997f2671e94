//! Libraries that have never heard of `async`.

/// What the first one wants to know.
pub trait Prices {
    fn of(&self, item: &str) -> u32;
}

/// Calls a trait.
pub fn invoice(items: &[&str], prices: &dyn Prices) -> u32 {
    items.iter().map(|item| prices.of(item)).sum()
}

/// Asks an iterator.
pub fn largest(numbers: impl Iterator<Item = u32>) -> Option<u32> {
    numbers.max()
}

/// What the parser finds.
pub struct Word<'a>(pub &'a str);

/// Calls back.
pub fn parse(text: &str, found: &mut dyn FnMut(Word<'_>)) {
    text.split_whitespace().map(Word).for_each(found);
}
