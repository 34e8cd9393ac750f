//! Metadata that a flat format holds under long names, as the mapping that sops makes of them.
//!
//! A name is a key, followed by `__map_` and a key, or `__list_` and a number, as often as there are
//! levels: `age__list_0__map_recipient`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::syntax::Error;
use super::tree::{Entry, Item, Key, NodeId, Pair, Scalar, Tree, Value};
use crate::source::Span;

/// A value under a long name.
pub(super) struct Flat<'s> {
    pub(super) name: Cow<'s, [u8]>,
    /// Where the name stands.
    pub(super) span: Span,
    pub(super) value: NodeId,
}

/// Makes the members of one mapping of all that is `flat`, whose values are in `tree`.
///
/// # Errors
/// Where two names contradict each other, or a list has gaps.
pub(super) fn unflatten<'s>(
    tree: &mut Tree<'s>,
    flat: Vec<Flat<'s>>,
) -> Result<Vec<Entry<'s>>, Error> {
    let mut levels = vec![Level::new(Span::default())];
    for Flat { name, span, value } in flat {
        let mut at = 0;
        for step in steps(&name) {
            at = descend(&mut levels, at, step, span);
        }
        let level = levels.get_mut(at);
        if level.is_some_and(|level| level.value.replace(value).is_some()) {
            return Err(Error::on("the metadata name a value twice", span));
        }
    }
    // A level comes behind the one that holds it: from the end on, all that a level holds is made.
    let mut made: Vec<Option<Made>> = levels.iter().map(|_| None).collect();
    while let Some(level) = levels.pop() {
        let at = levels.len();
        if at == 0 {
            return Ok(level.entries(&mut made));
        }
        let span = level.span;
        let node = level.into_node(tree, &mut made)?;
        if let Some(slot) = made.get_mut(at) {
            *slot = Some(Made { node, span });
        }
    }
    Ok(Vec::new())
}

/// A place in the mapping: a value, or what is below it.
struct Level<'s> {
    /// The name that led here first.
    span: Span,
    value: Option<NodeId>,
    keys: BTreeMap<Cow<'s, [u8]>, usize>,
    items: BTreeMap<i64, usize>,
}

/// What a level came to.
struct Made {
    node: NodeId,
    span: Span,
}

/// One step from a level to one below it.
enum Step<'s> {
    Key(Cow<'s, [u8]>),
    Item(i64),
}

impl<'s> Level<'s> {
    fn new(span: Span) -> Self {
        Self {
            span,
            value: None,
            keys: BTreeMap::new(),
            items: BTreeMap::new(),
        }
    }

    fn into_node(self, tree: &mut Tree<'s>, made: &mut [Option<Made>]) -> Result<NodeId, Error> {
        let span = self.span;
        match (self.value, self.keys.is_empty(), self.items.is_empty()) {
            (Some(value), true, true) => Ok(value),
            (None, _, true) => Ok(tree.add(span, Value::Map(self.entries(made)))),
            (None, true, false) => {
                let items = self.into_items(made)?;
                Ok(tree.add(span, Value::List(items)))
            }
            _ => {
                let message = "the metadata name this both as a value and as a collection";
                Err(Error::on(message, span))
            }
        }
    }

    /// The items by their numbers, which must be all from 0 on.
    fn into_items(self, made: &mut [Option<Made>]) -> Result<Vec<Item<'s>>, Error> {
        let mut items = Vec::with_capacity(self.items.len());
        for (due, (number, at)) in (0..).zip(self.items) {
            if number != due {
                return Err(Error::on("a list of the metadata has gaps", self.span));
            }
            let made = made.get_mut(at).and_then(Option::take);
            items.extend(made.map(|made| Item::Value(made.node)));
        }
        Ok(items)
    }

    /// The members by their keys, sorted as sops sorts them.
    fn entries(self, made: &mut [Option<Made>]) -> Vec<Entry<'s>> {
        let pair = |(name, at): (Cow<'s, [u8]>, usize)| {
            let Made { node, span } = made.get_mut(at)?.take()?;
            let name = Scalar::Str(name);
            let key = Key { name, span };
            Some(Entry::Pair(Pair { key, value: node }))
        };
        self.keys.into_iter().filter_map(pair).collect()
    }
}

/// Takes a step from level `at`; a level that is new is named first by the name at `span`.
fn descend<'s>(levels: &mut Vec<Level<'s>>, at: usize, step: Step<'s>, span: Span) -> usize {
    let new = levels.len();
    let Some(level) = levels.get_mut(at) else {
        return at;
    };
    let below = match step {
        Step::Key(key) => *level.keys.entry(key).or_insert(new),
        Step::Item(number) => *level.items.entry(number).or_insert(new),
    };
    if below == new {
        levels.push(Level::new(span));
    }
    below
}

/// Takes a long name apart.
fn steps<'s>(name: &Cow<'s, [u8]>) -> Vec<Step<'s>> {
    const MARKS: [(&[u8], Kind); 2] = [(b"__map_", Kind::Key), (b"__list_", Kind::Item)];
    let mut steps = Vec::new();
    let (mut kind, mut start, mut at) = (Kind::Key, 0, 0);
    while at < name.len() {
        let rest = name.get(at..).unwrap_or_default();
        match MARKS.iter().find(|(mark, _)| rest.starts_with(mark)) {
            Some((mark, next)) => {
                steps.push(kind.step(part(name, start, at)));
                at += mark.len();
                (kind, start) = (*next, at);
            }
            None => at += 1,
        }
    }
    steps.push(kind.step(part(name, start, at)));
    steps
}

/// A part of a name, borrowed from the text where the name is.
fn part<'s>(name: &Cow<'s, [u8]>, start: usize, end: usize) -> Cow<'s, [u8]> {
    match name {
        Cow::Borrowed(name) => Cow::Borrowed(name.get(start..end).unwrap_or_default()),
        Cow::Owned(name) => Cow::Owned(name.get(start..end).unwrap_or_default().to_owned()),
    }
}

/// What a part of a long name is.
#[derive(Clone, Copy)]
enum Kind {
    Key,
    Item,
}

impl Kind {
    fn step(self, part: Cow<'_, [u8]>) -> Step<'_> {
        match self {
            Self::Key => Step::Key(part),
            Self::Item => Step::Item(number(&part)),
        }
    }
}

/// A number as Go's `strconv.Atoi` reads it, its error ignored: 0 where it is none, and the nearest
/// where it does not fit.
fn number(text: &[u8]) -> i64 {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, text),
    };
    let mut number: u64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return 0;
        }
        let next = number.checked_mul(10);
        let Some(next) = next.and_then(|next| next.checked_add(u64::from(digit - b'0'))) else {
            number = u64::MAX;
            break;
        };
        number = next;
    }
    let nearest = i64::try_from(number).unwrap_or(i64::MAX);
    if negative { -nearest } else { nearest }
}
