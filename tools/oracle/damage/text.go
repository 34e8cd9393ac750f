// Package damage changes files the way people, merges and scripts do.
package damage

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Edit is one kind of change. It gives nil where it does not apply.
type Edit struct {
	Name  string
	Apply func(r *rand.Rand, text []byte) []byte
}

// TextEdits change any text, byte by byte or line by line.
var TextEdits = []Edit{
	{"byte-change", byteChange}, {"byte-insert", byteInsert}, {"byte-delete", byteDelete},
	{"byte-swap", byteSwap}, {"special-insert", specialInsert}, {"truncate", truncate},
	{"bytes-move", bytesMove},
	{"line-delete", onLines(lineDelete)}, {"line-duplicate", onLines(lineDuplicate)},
	{"line-swap", onLines(lineSwap)}, {"line-move", onLines(lineMove)}, {"line-indent", onLines(lineIndent)},
	{"line-dedent", onLines(lineDedent)}, {"line-split", onLines(lineSplit)}, {"line-join", onLines(lineJoin)},
	{"line-crlf", onLines(lineCRLF)}, {"line-insert", onLines(lineInsert)}, {"block-indent", onLines(blockIndent)},
	{"trailing-blank", onLines(trailingBlank)},
	{"comment-add", onLines(commentAdd)}, {"comment-line", onLines(commentLine)},
	{"comment-delete", onLines(commentDelete)}, {"comment-out", onLines(commentOut)},
	{"value-requote", onLines(valueRequote)}, {"value-change", onLines(valueChange)},
	{"value-drop", onLines(valueDrop)}, {"value-tag", onLines(valueTag)}, {"value-block", onLines(valueBlock)},
	{"key-change", onLines(keyChange)}, {"key-requote", onLines(keyRequote)},
	{"conflict", onLines(conflict)}, {"document-append", documentAppend}, {"document-marker", onLines(documentMarker)},
	{"line-ends", lineEnds}, {"bom", bom}, {"utf-16", inUTF16},
}

// Apply makes one edit of the given ones, trying until one applies and changes something.
func Apply(r *rand.Rand, edits []Edit, text []byte) (name string, changed []byte) {
	for range 50 {
		edit := edits[r.IntN(len(edits))]
		if changed := edit.Apply(r, bytes.Clone(text)); changed != nil && !bytes.Equal(changed, text) {
			return edit.Name, changed
		}
	}
	return "none", text
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

const tellingBytes = " \t\n\r:-#'\"[]{},&*!|>%@`?=\\~<0123456789abcxyzABZ._/+\x00\x7f\x85\xff\xc3\xef"

func byteChange(r *rand.Rand, text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	at := r.IntN(len(text))
	switch r.IntN(3) {
	case 0:
		text[at] ^= 1 << r.IntN(8)
	case 1:
		text[at] = tellingBytes[r.IntN(len(tellingBytes))]
	default:
		text[at] = text[r.IntN(len(text))]
	}
	return text
}

func byteInsert(r *rand.Rand, text []byte) []byte {
	c := tellingBytes[r.IntN(len(tellingBytes)-6)]
	return splice(text, r.IntN(len(text)+1), 0, string(c))
}

func byteDelete(r *rand.Rand, text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	at := r.IntN(len(text))
	return splice(text, at, min(1+r.IntN(3), len(text)-at), "")
}

func byteSwap(r *rand.Rand, text []byte) []byte {
	if len(text) < 2 {
		return nil
	}
	at := r.IntN(len(text) - 1)
	text[at], text[at+1] = text[at+1], text[at]
	return text
}

var specials = []string{
	"# ", " #", ": ", ":\n", "- ", "? ", "&a ", "*a", "*a ", "!!str ", "!!int ", "!!binary ", "!x ", "|", ">-", "|2",
	"<<: ", "\n", "\n\n", "\n# c\n", "  ", "\t", "{", "}", "[", "]", ",", "\"", "'", "''", "\\", "\\x41", "\\u00e9",
	"\u0085", "\u2028", "\ufeff", "é", "\r", "\r\n", "---\n", "...\n", "\n---\n", "%YAML 1.1\n", "~", "null", "=",
	"\u2029", "\ud7ff", "\ufffd", "😀", "\u009f", "\\\n",
}

func specialInsert(r *rand.Rand, text []byte) []byte {
	return splice(text, r.IntN(len(text)+1), 0, pick(r, specials))
}

func truncate(r *rand.Rand, text []byte) []byte {
	if len(text) == 0 {
		return nil
	}
	if r.IntN(4) == 0 {
		return text[r.IntN(len(text)):]
	}
	return text[:r.IntN(len(text))]
}

// bytesMove copies or moves a short run of bytes to another place.
func bytesMove(r *rand.Rand, text []byte) []byte {
	if len(text) < 4 {
		return nil
	}
	from := r.IntN(len(text))
	n := min(1+r.IntN(20), len(text)-from)
	run := string(text[from : from+n])
	if r.IntN(2) == 0 {
		text = splice(text, from, n, "")
	}
	return splice(text, r.IntN(len(text)+1), 0, run)
}

func documentAppend(r *rand.Rand, text []byte) []byte {
	tail := pick(r, []string{"---\n", "---\na: 1\n", "...\n", "--- {}\n", "---\nb: x\n---\n", "\n---\n# end\n", "---\nnull\n"})
	if len(text) > 0 && text[len(text)-1] != '\n' {
		tail = "\n" + tail
	}
	return append(text, tail...)
}

func lineEnds(r *rand.Rand, text []byte) []byte {
	switch r.IntN(3) {
	case 0:
		return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	case 1:
		return bytes.TrimRight(text, "\r\n")
	default:
		return append(text, pick(r, []string{"\n", "\n\n", "\r\n", "  \n", "\n  "})...)
	}
}

func bom(_ *rand.Rand, text []byte) []byte {
	if bytes.HasPrefix(text, []byte("\ufeff")) {
		return nil
	}
	return append([]byte("\ufeff"), text...)
}

// inUTF16 gives the text in UTF-16 with a byte order mark, of either kind.
func inUTF16(r *rand.Rand, text []byte) []byte {
	if !utf8.Valid(text) || r.IntN(3) > 0 {
		return nil
	}
	order := pick(r, []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian})
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(string(text))) {
		out = order.AppendUint16(out, unit)
	}
	return out
}

// splice replaces n bytes at a place.
func splice(text []byte, at, n int, with string) []byte {
	out := make([]byte, 0, len(text)+len(with)-n)
	out = append(out, text[:at]...)
	out = append(out, with...)
	return append(out, text[at+n:]...)
}

// onLines lets an edit see the lines, each with its line end; it returns nil where it does not apply.
func onLines(edit func(r *rand.Rand, lines []string) []string) func(*rand.Rand, []byte) []byte {
	return func(r *rand.Rand, text []byte) []byte {
		lines := strings.SplitAfter(string(text), "\n")
		if lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		if len(lines) == 0 {
			return nil
		}
		changed := edit(r, lines)
		if changed == nil {
			return nil
		}
		return []byte(strings.Join(changed, ""))
	}
}
