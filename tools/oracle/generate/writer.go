package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// YAML writes one text.
func YAML(r *rand.Rand, p Profile) []byte {
	w := &writer{Rand: r, p: p}
	w.stream()
	text := w.out.String()
	if chance(r, p.CRLF) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if chance(r, 0.05) {
		text = strings.TrimRight(text, "\r\n")
	}
	if chance(r, p.Odd) {
		text = "\ufeff" + text
	}
	return []byte(text)
}

// writer collects the text; it knows the anchors defined so far.
type writer struct {
	*rand.Rand
	p       Profile
	out     strings.Builder
	anchors []string
	opening []string // anchors whose value is not complete: an alias to one would be a cycle
}

func (w *writer) text(s string) { w.out.WriteString(s) }
func (w *writer) newline()      { w.out.WriteByte('\n') }
func (w *writer) indent(n int)  { w.text(strings.Repeat(" ", n)) }

func (w *writer) newAnchor() string {
	name := pick(w.Rand, []string{"a", "b", "anchor", "x-1", "y_2"})
	if !chance(w.Rand, 0.2) {
		name += fmt.Sprint(len(w.anchors))
	}
	w.anchors = append(w.anchors, name)
	return name
}

// alias gives the name of an anchor that is complete, if there is one.
func (w *writer) alias() (string, bool) {
	if len(w.anchors) == 0 {
		return "", false
	}
	name := pick(w.Rand, w.anchors)
	for _, open := range w.opening {
		if open == name {
			return "", false
		}
	}
	return name, true
}

func (w *writer) stream() {
	if chance(w.Rand, w.p.Odd) {
		w.text(pick(w.Rand, []string{"%YAML 1.1\n", "%TAG !e! tag:example.com,2000:\n", "%YAML 1.2\n"}) + "---\n")
	} else if chance(w.Rand, 0.1) {
		w.marker()
	}
	w.document()
	for chance(w.Rand, w.p.Many) {
		if chance(w.Rand, 0.1) {
			w.text("...\n")
		}
		w.marker()
		w.document()
	}
	if chance(w.Rand, 0.03) {
		w.text(pick(w.Rand, []string{"...\n", "---\n", "--- # end\n"}))
	}
}

func (w *writer) marker() {
	w.text("---")
	w.lineComment()
	w.newline()
}

func (w *writer) document() {
	w.standing(0)
	if chance(w.Rand, 0.3) {
		w.newline()
	}
	switch {
	case chance(w.Rand, w.p.Odd*2):
		w.text(pick(w.Rand, []string{"", "{}", "null", "~", "scalar", "- a\n- b", "[a, b]", "# only\n", "{a: b, c: [1, 2]}"}))
		w.newline()
	case chance(w.Rand, 0.03):
		w.text(w.flowMapping(0, w.p.MaxDepth))
		w.newline()
	default:
		w.mapping(0, w.p.MaxDepth, false)
	}
	w.standing(0)
}

// mapping writes pairs at indent; the first is on the current line if inline.
func (w *writer) mapping(indent, depth int, inline bool) {
	used := map[string]bool{}
	for i := range 1 + w.IntN(w.p.MaxPairs) {
		if i > 0 || !inline {
			w.standing(indent)
			w.indent(indent)
		}
		w.pair(indent, depth, w.key(used))
	}
	if chance(w.Rand, w.p.Comment*0.3) {
		w.comment(indent)
	}
}

// key gives a key that is new in its mapping, nearly always.
func (w *writer) key(used map[string]bool) string {
	for {
		key := pick(w.Rand, keyWords)
		if chance(w.Rand, 0.25) {
			key += pick(w.Rand, keyEndings)
		}
		if used[key] && !chance(w.Rand, w.p.Odd) {
			key += fmt.Sprint(w.IntN(100))
		}
		if used[key] && !chance(w.Rand, w.p.Odd) {
			continue
		}
		used[key] = true
		if chance(w.Rand, w.p.Odd) {
			return pick(w.Rand, oddKeys)
		}
		switch w.IntN(12) {
		case 0:
			return w.doubleQuoted(key)
		case 1:
			return "'" + key + "'"
		}
		return key
	}
}

func (w *writer) pair(indent, depth int, key string) {
	w.text(key)
	if chance(w.Rand, 0.02) {
		w.text(" ")
	}
	w.text(":")
	w.value(indent, depth, true)
}

// value writes what follows a colon or a dash, with its line ends.
func (w *writer) value(indent, depth int, afterKey bool) {
	if chance(w.Rand, w.p.Anchor) {
		if name, ok := w.alias(); ok {
			w.text(" *" + name)
			w.lineComment()
			w.newline()
			return
		}
	}
	switch choice := w.IntN(10); {
	case choice < 5 || depth == 0:
		w.text(" " + w.scalar(false))
		w.lineComment()
		w.newline()
	case choice == 5:
		w.text(" ")
		w.block(indent)
	case choice == 6 && w.IntN(3) == 0:
		w.text(" " + w.multiline(indent+1+w.IntN(4)))
		w.lineComment()
		w.newline()
	default:
		w.collection(indent, depth-1, afterKey)
	}
}

// collection writes a mapping or a sequence as the value of a pair or as an item.
func (w *writer) collection(indent, depth int, afterKey bool) {
	if chance(w.Rand, w.p.Flow) {
		w.text(" ")
		if w.IntN(2) == 0 {
			w.text(w.flowMapping(indent+1, depth))
		} else {
			w.text(w.flowSequence(indent+1, depth))
		}
		w.lineComment()
		w.newline()
		return
	}
	if chance(w.Rand, w.p.Anchor) {
		name := w.newAnchor()
		w.opening = append(w.opening, name)
		defer func() { w.opening = w.opening[:len(w.opening)-1] }()
		w.text(" &" + name)
	} else if !afterKey && chance(w.Rand, 0.8) {
		w.text(" ")
		if w.IntN(4) == 0 {
			w.sequence(indent+2, depth, true)
		} else {
			w.mapping(indent+2, depth, true)
		}
		return
	}
	w.lineComment()
	w.newline()
	step := pick(w.Rand, []int{2, 2, 4, 4, 1, 3, 8})
	if w.IntN(3) > 0 {
		w.mapping(indent+step, depth, false)
		return
	}
	if afterKey && w.IntN(3) == 0 {
		step = 0
	}
	w.sequence(indent+step, depth, false)
}

func (w *writer) sequence(indent, depth int, inline bool) {
	for i := range 1 + w.IntN(w.p.MaxPairs) {
		if i > 0 || !inline {
			w.standing(indent)
			w.indent(indent)
		}
		w.text("-")
		w.value(indent, depth, false)
	}
}

// standing writes comments and blank lines before what comes next at indent.
func (w *writer) standing(indent int) {
	for chance(w.Rand, w.p.Comment) {
		w.comment(indent)
		if chance(w.Rand, 0.2) {
			w.newline()
		}
	}
	if chance(w.Rand, 0.05) {
		w.newline()
	}
}

// comment writes a comment on its own line, mostly at indent.
func (w *writer) comment(indent int) {
	if chance(w.Rand, 0.15) {
		indent = w.IntN(indent + 5)
	}
	w.indent(indent)
	w.text(w.commentText())
	w.newline()
}

func (w *writer) commentText() string {
	if w.IntN(3) == 0 {
		return "# " + word(w.Rand)
	}
	return pick(w.Rand, []string{"# ", "#", "#  "}) + pick(w.Rand, commentWords)
}

func (w *writer) lineComment() {
	if chance(w.Rand, w.p.Comment*0.6) {
		w.text(pick(w.Rand, []string{" ", "  ", "    ", "\t"}) + w.commentText())
	}
}
