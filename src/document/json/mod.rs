//! JSON exactly as sops's JSON store and Go's `encoding/json` read it.
//!
//! sops takes one token after the other from Go's decoder, and that shows: members that repeat a key
//! all stay, whatever stands behind the top level object is never read, and a text that ends where a
//! value of the top level object is due, or within an array there, is taken for whole without that
//! member. No crate reads JSON so. Numbers are integers where they fit 64 bits, else floats.

mod literal;
mod spell;

use super::Error;
use super::syntax::Error as Syntax;
use super::tree::{Entry, Item, Key, NodeId, Pair, Scalar, Tree, Value};
use crate::source::Span;
use literal::Literals;
pub(super) use spell::spell;

/// The deepest nesting that is read. sops, which recurses, crashes not far beyond.
const MAX_DEPTH: usize = 1_000_000;

/// Reads `bytes` as sops's JSON store does.
///
/// # Errors
/// [`Error`] where sops would not load them.
pub(super) fn load(bytes: &[u8]) -> Result<Tree<'_>, Error> {
    let mut reader = Reader {
        text: Literals::new(bytes),
        tree: Tree::default(),
        open: Vec::new(),
    };
    match reader.text.peek() {
        Some(b'{') => reader.open(),
        Some(_) => return Err(reader.refuse(not_an_object(bytes))),
        None => return Err(reader.refuse("there is nothing in it")),
    }
    let root = reader.run()?;
    reader.tree.add_branch(root);
    reader.tree.drop_empty_metadata();
    Ok(reader.tree)
}

/// Why a text that does not begin with a brace is refused.
fn not_an_object(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => "a byte order mark comes first, which is no JSON",
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "it is UTF-16, and JSON is UTF-8",
        _ => "the top level is not an object",
    }
}

struct Reader<'s> {
    text: Literals<'s>,
    tree: Tree<'s>,
    /// The collections that are being read, the innermost last; never empty while reading.
    open: Vec<Open<'s>>,
}

/// A collection whose end is not reached.
struct Open<'s> {
    start: usize,
    members: Members<'s>,
}

enum Members<'s> {
    Object {
        entries: Vec<Entry<'s>>,
        /// The key whose value comes next.
        key: Option<Key<'s>>,
    },
    Array(Vec<Item<'s>>),
}

/// What may come next in the innermost collection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its first member, or its end.
    First,
    /// Another member.
    Member,
    /// The colon behind a key.
    Colon,
    /// The value of a key.
    Value,
    /// A comma, or its end.
    After,
}

impl<'s> Reader<'s> {
    /// Reads from behind the top level's brace to its end, and returns its node.
    fn run(&mut self) -> Result<NodeId, Error> {
        let mut state = State::First;
        loop {
            let Some(byte) = self.text.peek() else {
                return self.end_early(state);
            };
            let in_object = self.in_object();
            state = match (state, byte) {
                (State::First | State::After, b'}') if in_object => {
                    if let Some(root) = self.close() {
                        return Ok(root);
                    }
                    State::After
                }
                (State::First | State::After, b']') if !in_object => {
                    self.close();
                    State::After
                }
                (State::After, b',') => self.pass(State::Member),
                (State::Colon, b':') => self.pass(State::Value),
                (State::First | State::Member, b'"') if in_object => self.key()?,
                (State::First | State::Member, _) if !in_object => self.value(byte)?,
                (State::Value, _) => self.value(byte)?,
                (State::First | State::Member, _) => {
                    return Err(self.refuse("a key in double quotes is due"));
                }
                (State::Colon, _) => return Err(self.refuse("a colon is due")),
                (State::After, _) => {
                    return Err(self.refuse("a comma is due, or the end of the collection"));
                }
            };
        }
    }

    fn in_object(&self) -> bool {
        let innermost = self.open.last().map(|open| &open.members);
        matches!(innermost, Some(Members::Object { .. }))
    }

    fn pass(&mut self, next: State) -> State {
        self.text.pass();
        next
    }

    /// Opens the collection whose bracket comes next.
    fn open(&mut self) {
        let members = match self.text.peek() {
            Some(b'{') => Members::Object {
                entries: Vec::new(),
                key: None,
            },
            _ => Members::Array(Vec::new()),
        };
        let start = self.text.at();
        self.text.pass();
        self.open.push(Open { start, members });
    }

    /// Closes the innermost collection; the node is returned where it was the top level.
    fn close(&mut self) -> Option<NodeId> {
        self.text.pass();
        let open = self.open.pop()?;
        let span = Span::new(open.start, self.text.at());
        let value = match open.members {
            Members::Object { entries, .. } => Value::Map(entries),
            Members::Array(items) => Value::List(items),
        };
        let node = self.tree.add(span, value);
        self.attach(node)
    }

    /// Makes `node` the next member of the innermost collection; it is returned where there is none.
    fn attach(&mut self, node: NodeId) -> Option<NodeId> {
        match self.open.last_mut().map(|open| &mut open.members) {
            None => return Some(node),
            Some(Members::Array(items)) => items.push(Item::Value(node)),
            Some(Members::Object { entries, key }) => {
                let pair = key.take().map(|key| Pair { key, value: node });
                entries.extend(pair.map(Entry::Pair));
            }
        }
        None
    }

    fn key(&mut self) -> Result<State, Error> {
        let (name, span) = self.text.string()?;
        if let Some(Open {
            members: Members::Object { key, .. },
            ..
        }) = self.open.last_mut()
        {
            let name = Scalar::Str(name);
            *key = Some(Key { name, span });
        }
        Ok(State::Colon)
    }

    fn value(&mut self, byte: u8) -> Result<State, Error> {
        if matches!(byte, b'{' | b'[') {
            if self.open.len() >= MAX_DEPTH {
                return Err(Error::Undecidable("JSON of more than 1,000,000 levels"));
            }
            self.open();
            return Ok(State::First);
        }
        let (scalar, span) = self.text.scalar(byte)?;
        let node = self.tree.add(span, Value::Scalar(scalar));
        self.attach(node);
        Ok(State::After)
    }

    /// What sops makes of a text that ends here.
    ///
    /// Go's decoder says "end of file" wherever a token is due. To sops that ends the object whose
    /// value was due, without the member; an array passes it on to what holds the array. An object
    /// within an object is then followed by a key that is not there.
    fn end_early(&mut self, state: State) -> Result<NodeId, Error> {
        let ends_object = matches!(state, State::Colon | State::Value);
        let mut is_sound = ends_object || !self.in_object();
        let end = self.text.at();
        while let Some(open) = self.open.pop() {
            let Members::Object { entries, .. } = open.members else {
                continue;
            };
            if self.open.is_empty() && is_sound {
                let span = Span::new(open.start, end);
                return Ok(self.tree.add(span, Value::Map(entries)));
            }
            is_sound &= !self.in_object();
        }
        Err(self.refuse("the text ends within an object"))
    }

    fn refuse(&self, message: &'static str) -> Error {
        Syntax::at(message, self.text.at()).into()
    }
}
