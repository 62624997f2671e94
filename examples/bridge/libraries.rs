//! Synchronous libraries, which know nothing of `async`.

/// The trait that `invoice` calls.
pub trait Prices {
    fn of(&self, item: &str) -> u32;
}

/// Calls a method of a trait for each item.
pub fn invoice(items: &[&str], prices: &dyn Prices) -> u32 {
    items.iter().map(|item| prices.of(item)).sum()
}

/// Calls the `next` of an iterator.
pub fn largest(numbers: impl Iterator<Item = u32>) -> Option<u32> {
    numbers.max()
}

/// A word that the parser has found.
pub struct Word<'a>(pub &'a str);

/// Calls a callback for each word of a text.
pub fn parse(text: &str, found: &mut dyn FnMut(Word<'_>)) {
    text.split_whitespace().map(Word).for_each(found);
}
