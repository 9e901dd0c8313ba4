//! What the programs in `fuzz_targets` share.

/// Bytes that decide how a test goes, and after them nought.
pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    /// Splits the input: its first byte tells how many bytes of choices follow it; the rest is data.
    pub fn split(input: &'a [u8]) -> (Choices<'a>, &'a [u8]) {
        let Some((&n, rest)) = input.split_first() else {
            return (Choices(&[]), &[]);
        };
        let (choices, data) = rest.split_at(usize::from(n).min(rest.len()));
        (Choices(choices), data)
    }

    /// The next choice.
    pub fn next(&mut self) -> usize {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        usize::from(first)
    }

    /// Where data of this length are cut: ends of pieces, the last of them the end of the data. Nought as a choice is
    /// an end too: what is left comes in one piece.
    pub fn cuts(&mut self, len: usize) -> Vec<usize> {
        let mut ends = Vec::new();
        let mut at = 0;
        while at < len {
            let n = match self.next() {
                0 => len,
                n => n,
            };
            at = (at + n).min(len);
            ends.push(at);
        }
        ends
    }
}

/// Splits data at the first byte that is nought.
pub fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|b| *b == 0) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[]),
    }
}
