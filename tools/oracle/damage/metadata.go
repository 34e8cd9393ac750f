package damage

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// MetadataEdits change the `sops` mapping of a YAML file, as text.
var MetadataEdits = []Edit{
	{"meta-set", onMetadata(metaSet)}, {"meta-set", onMetadata(metaSet)}, {"meta-set", onMetadata(metaSet)},
	{"meta-add", onMetadata(metaAdd)}, {"meta-add", onMetadata(metaAdd)}, {"meta-delete", onMetadata(metaDelete)},
	{"meta-line", onMetadata(metaLine)}, {"meta-case", onMetadata(metaCase)}, {"meta-shape", onMetadata(metaShape)},
	{"meta-armor", onMetadata(metaArmor)}, {"meta-armor", onMetadata(metaArmor)},
	{"meta-groups", onMetadata(metaGroups)}, {"meta-move", metaMove}, {"meta-rename", metaRename},
}

// onMetadata lets an edit see the lines of one `sops` mapping, its first line `sops:` included.
func onMetadata(edit func(r *rand.Rand, lines []string) []string) func(*rand.Rand, []byte) []byte {
	return onLines(func(r *rand.Rand, lines []string) []string {
		from, to, ok := metadataLines(r, lines)
		if !ok {
			return nil
		}
		changed := edit(r, slices.Clone(lines[from:to]))
		if changed == nil {
			return nil
		}
		return slices.Replace(lines, from, to, changed...)
	})
}

// metadataLines finds one of the mappings: in a file of several documents each has one, and only the
// first counts.
func metadataLines(r *rand.Rand, lines []string) (from, to int, ok bool) {
	var starts []int
	for i, line := range lines {
		if strings.HasPrefix(line, "sops:") {
			starts = append(starts, i)
		}
	}
	if len(starts) == 0 {
		return 0, 0, false
	}
	from = starts[0]
	if r.IntN(4) == 0 {
		from = pick(r, starts)
	}
	for to = from + 1; to < len(lines) && strings.HasPrefix(lines[to], " "); to++ {
	}
	return from, to, true
}

// fieldIndent is the indentation of the mapping's own keys.
func fieldIndent(lines []string) string {
	if len(lines) < 2 {
		return "    "
	}
	return lines[1][:len(lines[1])-len(strings.TrimLeft(lines[1], " "))]
}

func isField(lines []string, i int) bool {
	pad := fieldIndent(lines)
	return i > 0 && strings.HasPrefix(lines[i], pad) && len(lines[i]) > len(pad) &&
		!strings.ContainsAny(lines[i][len(pad):len(pad)+1], " -#") && strings.Contains(lines[i], ":")
}

// field picks a line that holds a key of the mapping itself.
func field(r *rand.Rand, lines []string) (int, bool) {
	var fields []int
	for i := range lines {
		if isField(lines, i) {
			fields = append(fields, i)
		}
	}
	if len(fields) == 0 {
		return 0, false
	}
	return pick(r, fields), true
}

var fieldValues = map[string][]string{
	"lastmodified": {"2024-01-02T03:04:05Z", "'2024-01-02T03:04:05Z'", "\"2024-01-02T03:04:05+02:00\"", "\"\"", "x", "5", "~",
		"\"2024-01-02\"", "\"2024-01-02T03:04:05.5Z\"", "\"2024-01-02T03:04:05\"", "[]", "\"2024-1-2T03:04:05Z\"",
		"\"2024-01-02T03:04:05,5Z\"", "\"2024-01-02t03:04:05z\""},
	"mac":                       {"", "''", "x", "5", "~", "[]", "{}", "true", "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]", "!!binary aGk="},
	"version":                   {"3.13.3", "3.8.0", "3.8", "x", "~", "''", "[]", "1.5", "true", "\"v3.9.4\"", "2001-01-01", "[a]", "[3.1]"},
	"mac_only_encrypted":        {"true", "false", "\"true\"", "1", "0", "yes", "\"1\"", "~", "x", "''", "\"T\"", "1.5", "[]", "[true]", "-1"},
	"shamir_threshold":          {"0", "1", "2", "\"2\"", "-1", "x", "1.9", "true", "~", "''", "\"0x2\"", "300", "[1]", "0x1", "\"1_0\""},
	"unencrypted_suffix":        {"_unencrypted", "_", "_public", "''", "5", "~", "true", "[a]", "\"\\n\"", "a", "1.50", "2001-01-01", "1e3"},
	"encrypted_suffix":          {"_enc", "_", "a", "''", "~", "data", "5"},
	"unencrypted_regex":         {"^(kind|metadata)$", "", "''", "(", ".", "^a", "[[:alpha:]]", "(?i)NAME", "\\d", "~", "a**", "x{1001}", "\\pL"},
	"encrypted_regex":           {"^(data|stringData)$", "", "''", "(", ".", "^$", "\\bdata", "(?i)DATA", "[a&&d]", "\\Qa\\E", "~", "5", "\\x{61}"},
	"encrypted_comment_regex":   {"sops:enc", ".", "(", "''", "^", "note", "secret$"},
	"unencrypted_comment_regex": {"sops:plain", "ENC", ".", "(", "''", "note"},
	"age":                       {"[]", "~", "''", "x", "{}", "5", "[~]", "[x]", "[{}]", "\"\"", "[[]]"},
	"pgp":                       {"[]", "~", "''", "x", "{}", "[~]", "[x]"},
	"kms":                       {"[]", "~", "''", "x", "{}", "5"},
	"gcp_kms":                   {"[]", "~", "''", "{}"},
	"azure_kv":                  {"[]", "~"},
	"hc_vault":                  {"[]", "~", "''"},
	"hckms":                     {"[]", "~", "''"},
	"key_groups":                {"[]", "~", "''", "{}", "[{}]", "[~]", "x"},
	"unknown":                   {"5", "~", "[]", "{a: b}", "{1: b}", "{~: b}", "&a x", "*a"},
	"1":                         {"x"},
	"~":                         {"x"},
	"\"\"":                      {"x"},
	"sops":                      {"x"},
}

var fieldNames = func() []string {
	names := make([]string, 0, len(fieldValues))
	for name := range fieldValues {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

// metaSet gives a field that is there another value.
func metaSet(r *rand.Rand, lines []string) []string {
	at, ok := field(r, lines)
	if !ok {
		return nil
	}
	pad := fieldIndent(lines)
	name, _, _ := strings.Cut(lines[at][len(pad):], ":")
	values, known := fieldValues[name]
	if !known || r.IntN(8) == 0 {
		values = otherValues
	}
	if r.IntN(3) == 0 && strings.HasPrefix(lines[at], pad+"lastmodified: ") {
		lines[at] = strings.Replace(lines[at], "Z", pick(r, []string{"+00:00", ".0Z", ".999Z", "z", "-00:00", "", "+0000"}), 1)
		return lines
	}
	end := at + 1
	for end < len(lines) && !isField(lines, end) {
		end++
	}
	return slices.Replace(lines, at, end, pad+name+": "+pick(r, values)+"\n")
}

// metaAdd adds a field; where it is there already, the key is doubled.
func metaAdd(r *rand.Rand, lines []string) []string {
	name := pick(r, fieldNames)
	line := fieldIndent(lines) + name + ": " + pick(r, fieldValues[name]) + "\n"
	at, ok := field(r, lines)
	if !ok {
		at = len(lines)
	}
	lines[len(lines)-1] = ended(lines[len(lines)-1])
	return slices.Insert(lines, at, line)
}

func metaDelete(r *rand.Rand, lines []string) []string {
	at, ok := field(r, lines)
	if !ok {
		return nil
	}
	end := at + 1
	for end < len(lines) && !isField(lines, end) {
		end++
	}
	return slices.Delete(lines, at, end)
}

// metaLine makes a line edit somewhere in the mapping.
func metaLine(r *rand.Rand, lines []string) []string {
	edit := pick(r, []func(*rand.Rand, []string) []string{
		lineDelete, lineDuplicate, lineSwap, lineMove, lineIndent, lineDedent, commentAdd, commentLine, trailingBlank,
		valueRequote, valueTag, valueChange, keyChange, keyRequote, lineSplit, commentOut, lineCRLF, lineJoin, valueDrop,
	})
	return edit(r, lines)
}

// metaCase changes the case of a key: the metadata is decoded without regard to it.
func metaCase(r *rand.Rand, lines []string) []string {
	at, ok := field(r, lines)
	if !ok {
		return nil
	}
	pad := fieldIndent(lines)
	name, rest, _ := strings.Cut(lines[at][len(pad):], ":")
	other := pick(r, []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], strings.ReplaceAll(name, "_", ""),
		strings.ReplaceAll(name, "_", "-"), " " + name, name + "x", strings.Replace(name, "k", "\u212a", 1),
		strings.Replace(name, "s", "\u017f", 1)})
	changed := pad + other + ":" + rest
	if r.IntN(3) == 0 {
		return slices.Insert(lines, at, changed)
	}
	lines[at] = changed
	return lines
}

// metaShape gives the list of age keys another shape.
func metaShape(r *rand.Rand, lines []string) []string {
	for i, line := range lines {
		trimmed := strings.TrimLeft(line, " ")
		if !strings.HasPrefix(trimmed, "- recipient:") && !strings.HasPrefix(trimmed, "- enc:") {
			continue
		}
		pad := line[:len(line)-len(trimmed)]
		switch r.IntN(4) {
		case 0: // a mapping in place of a list of one
			lines[i] = pad + "  " + trimmed[2:]
		case 1:
			lines[i] = pad + "- # c\n" + pad + "  " + trimmed[2:]
		case 2:
			lines[i] = pad + "- ~\n" + line
		default:
			lines[i] = pad + "- &k\n" + pad + "  " + trimmed[2:]
		}
		return lines
	}
	return nil
}

// metaArmor damages the armored age file that holds the data key.
func metaArmor(r *rand.Rand, lines []string) []string {
	begin := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "-----BEGIN AGE") })
	end := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "-----END AGE") })
	if begin < 0 || end <= begin {
		return nil
	}
	at := begin + r.IntN(end-begin+1)
	pad := lines[at][:len(lines[at])-len(strings.TrimLeft(lines[at], " "))]
	switch r.IntN(8) {
	case 0:
		return slices.Delete(lines, at, at+1)
	case 1:
		lines[at] = string(byteChange(r, []byte(lines[at])))
	case 2:
		lines[at] = strings.TrimRight(lines[at], "\r\n") + pick(r, []string{" ", "  ", "=", "A", "\r"}) + "\n"
	case 3:
		return slices.Insert(lines, at, pick(r, []string{"\n", pad + "\n", pad + "AAAA\n", pad + "# c\n", pad + "x\n"}))
	case 4:
		return slices.Insert(lines, end+1, pick(r, []string{"\n", pad + "x\n", pad + "\n", "\n\n"}))
	case 5:
		return slices.Insert(lines, begin, pick(r, []string{"\n", pad + "x\n", pad + "\n"}))
	case 6:
		lines[at] = strings.TrimRight(lines[at], "\n")
		lines[at] = lines[at][:max(len(pad), len(lines[at])-1-r.IntN(4))] + "\n"
	default:
		lines[at] = pad + strings.ToLower(strings.TrimLeft(lines[at], " "))
	}
	return lines
}

// metaGroups nests the age keys in a list of key groups.
func metaGroups(r *rand.Rand, lines []string) []string {
	pad := fieldIndent(lines)
	at := slices.Index(lines, pad+"age:\n")
	if at < 0 {
		return nil
	}
	end := at + 1
	for end < len(lines) && !isField(lines, end) {
		end++
	}
	nested := []string{pad + "key_groups:\n", pad + "  - age:\n"}
	for _, line := range lines[at+1 : end] {
		nested = append(nested, "  "+ended(line))
	}
	if r.IntN(3) == 0 {
		nested = append(nested, nested[1:]...)
	}
	if r.IntN(3) == 0 {
		nested = append(nested, pad+"  - age: []\n")
	}
	if r.IntN(2) == 0 {
		return slices.Insert(lines, end, nested...)
	}
	return slices.Replace(lines, at, end, nested...)
}

// metaMove takes the mapping to the front, doubles it, or drops it.
func metaMove(r *rand.Rand, text []byte) []byte {
	return onLines(func(r *rand.Rand, lines []string) []string {
		from, to, ok := metadataLines(r, lines)
		if !ok {
			return nil
		}
		block := slices.Clone(lines[from:to])
		block[len(block)-1] = ended(block[len(block)-1])
		switch r.IntN(4) {
		case 0:
			return slices.Delete(lines, from, to)
		case 1:
			return slices.Insert(lines, from, block...)
		case 2:
			return slices.Insert(slices.Delete(lines, from, to), 0, block...)
		default:
			return append(lines, append([]string{"---\n"}, block...)...)
		}
	})(r, text)
}

// metaRename changes the key of the mapping or what kind of node it is.
func metaRename(r *rand.Rand, text []byte) []byte {
	const key = "\nsops:"
	at := strings.Index(string(text), key)
	if at < 0 {
		return nil
	}
	return splice(text, at, len(key), pick(r, []string{"\nSops:", "\nsops :", "\n\"sops\":", "\n'sops': &s", "\nsops: !!map",
		"\nsops: []\nx:", "\nsops: x\nx:", "\nsops: {}\nx:", "\n? sops\n:", "\nsops: # c", "\n!!str sops:", "\nsops: ~\nx:",
		"\n&k sops:", "\n  sops:", "\nsops_x:", "\ndata:\n  sops:\nsops:", "\nsops: {mac: x}\nx:", "\nsops: !x"}))
}
