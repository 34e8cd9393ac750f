//! What stands out of order in a sequence of numbers.

/// The places of a sequence of different numbers that are out of order: without them the others
/// ascend, and no smaller choice would do. Takes n log n steps.
pub(super) fn out_of_order(sequence: &[usize]) -> Vec<usize> {
    if sequence.is_sorted() {
        return Vec::new();
    }
    // For each length the place of the least number that an ascending choice of it can end with.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(sequence.len());
    for (at, number) in sequence.iter().enumerate() {
        let length = ends.partition_point(|end| sequence.get(*end) < Some(number));
        let previous = length.checked_sub(1).and_then(|shorter| ends.get(shorter));
        before.push(previous.copied());
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut in_order = vec![false; sequence.len()];
    let mut last = ends.last().copied();
    while let Some(at) = last {
        if let Some(kept) = in_order.get_mut(at) {
            *kept = true;
        }
        last = before.get(at).copied().flatten();
    }
    let places = in_order.into_iter().enumerate();
    places
        .filter_map(|(at, kept)| (!kept).then_some(at))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_few_as_explain_the_order() {
        for (sequence, expected) in [
            (&[][..], &[][..]),
            (&[3, 5, 9], &[]),
            (&[1, 0], &[0]),
            (&[9, 0, 1, 2, 3], &[0]),
            (&[1, 2, 3, 0], &[3]),
            (&[0, 3, 1, 2, 4], &[1]),
        ] {
            assert_eq!(out_of_order(sequence), expected, "{sequence:?}");
        }
    }
}
