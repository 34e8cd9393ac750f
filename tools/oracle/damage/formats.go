package damage

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
)

// Kinds are the edits of a format, by what they know of it.
type Kinds struct {
	Text, Token, Metadata, Structure []Edit
}

// For gives the edits that suit a format.
func For(format string) Kinds {
	switch format {
	case "json", "binary":
		edits := slices.Concat(TextEdits[:15], jsonEdits, jsonEdits, jsonEdits)
		return Kinds{edits, TokenEdits, jsonMetadataEdits, structureEdits("json")}
	case "dotenv":
		edits := slices.Concat(TextEdits[:20], flatEdits, flatEdits, flatEdits)
		return Kinds{edits, TokenEdits, dotenvMetadataEdits, flatEdits}
	case "ini":
		edits := slices.Concat(TextEdits[:20], flatEdits, iniEdits, flatEdits, iniEdits)
		return Kinds{edits, TokenEdits, iniMetadataEdits, structureEdits("ini")}
	default:
		return Kinds{TextEdits, TokenEdits, MetadataEdits, StructureEdits}
	}
}

// inserts gives an edit that puts one of some texts at a random place.
func inserts(texts ...string) func(*rand.Rand, []byte) []byte {
	return func(r *rand.Rand, text []byte) []byte {
		return splice(text, r.IntN(len(text)+1), 0, pick(r, texts))
	}
}

// insertsLine gives an edit that puts one of some lines between two.
func insertsLine(lines ...string) func(*rand.Rand, []byte) []byte {
	return onLines(func(r *rand.Rand, all []string) []string {
		return slices.Insert(all, r.IntN(len(all)+1), pick(r, lines))
	})
}

// replaces gives an edit that replaces one occurrence of one of some texts by another of them.
func replaces(texts ...string) func(*rand.Rand, []byte) []byte {
	return func(r *rand.Rand, text []byte) []byte {
		from := []byte(pick(r, texts))
		n := bytes.Count(text, from)
		if n == 0 {
			return nil
		}
		at := 0
		for range r.IntN(n) {
			at += bytes.Index(text[at:], from) + len(from)
		}
		at += bytes.Index(text[at:], from)
		return splice(text, at, len(from), pick(r, texts))
	}
}

var jsonEdits = []Edit{
	{"json-insert", inserts(",", "\"", "{", "}", "[", "]", ":", "null", "1", "\\", "\\u0041", "\x00", "\x01", "\t", "\ufeff", "//", "\xff", "é")},
	{"json-member", insertsLine("\"zz\": 1,\n", "\"data\": \"x\",\n", "\"\": null,\n", "\"zy\": {},\n", "\"zx\": [],\n", "\"zw\": \"\",\n",
		"\"sops\": {},\n", "\"zv\": 1.50,\n", "\"zu\": 1e2,\n", "\"zt\": [[1],{\"a\": null}],\n", "// c\n", ",\n")},
	{"json-literal", replaces("null", "true", "false", "\"\"", "{}", "[]", "0", "1")},
	{"json-space", replaces(": ", ":", " : ", ":\n", ":\t")},
	{"json-escape", replaces("a", "\\u0061", "\\u0041", "e", "\\u0065", "/", "\\/", "\\n", "\\u000a", "\\u000A")},
}

var jsonMetadataEdits = []Edit{
	{"json-meta-member", onJSONMetadata("\"unencrypted_suffix\": \"_enc\",", "\"encrypted_regex\": \"^a\",", "\"mac_only_encrypted\": true,",
		"\"mac_only_encrypted\": \"true\",", "\"mac_only_encrypted\": 1,", "\"shamir_threshold\": 2,", "\"shamir_threshold\": \"2\",",
		"\"shamir_threshold\": 1.5,", "\"pgp\": null,", "\"kms\": [],", "\"kms\": {},", "\"key_groups\": [],", "\"version\": 3.1,",
		"\"MAC\": \"x\",", "\"mac\": \"\",", "\"unknown\": {\"a\": [1]},", "\"lastmodified\": \"2024-01-02T03:04:05Z\",", "\"age\": [],",
		"\"age\": null,", "\"encrypted_suffix\": \"\",", "\"unencrypted_regex\": \"(\",")},
	{"json-meta-key", replaces("\"sops\"", "\"Sops\"", "\"mac\"", "\"MAC\"", "\"age\"", "\"Age\"", "\"lastmodified\"", "\"version\"",
		"\"enc\"", "\"recipient\"", "\"data\"")},
	{"json-meta-time", replaces("Z\"", "+00:00\"", ".5Z\"", "z\"", "\"")},
}

// onJSONMetadata gives an edit that adds a member at the front of the metadata, or before its end.
func onJSONMetadata(members ...string) func(*rand.Rand, []byte) []byte {
	return func(r *rand.Rand, text []byte) []byte {
		for _, mark := range shuffledStrings(r, []string{"\"sops\": {", "\"lastmodified\":"}) {
			if at := strings.Index(string(text), mark); at >= 0 {
				if strings.HasSuffix(mark, "{") {
					at += len(mark)
				}
				return splice(text, at, 0, pick(r, members)+" ")
			}
		}
		return nil
	}
}

func shuffledStrings(r *rand.Rand, texts []string) []string {
	r.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return texts
}

var flatEdits = []Edit{
	{"flat-line", insertsLine("ZZ=1\n", "ZY=\n", "=x\n", "\n", " \n", "# c\n", "#\n", "; c\n", "no equals\n", "[section]\n", "ZX = y\n", "ZW: y\n",
		"sops=1\n", "sops_x=1\n", "ZV='q'\n", "ZU=\"q\"\n", "export ZT=1\n", "\r\n", "ZS=a\\nb\n", "\t\n", "ZR=a \\\n")},
	{"flat-equals", replaces("=", " = ", ": ", "==", "=\"", " =", "= ")},
	{"flat-insert", inserts("=", "\\n", "\\", "\"", "'", "#", ";", "[", "]", " ", "\t", "\r", "\x00", "\ufeff", "\xff", "`", ":", "\n\n", "é")},
	{"flat-line-delete", onLines(lineDelete)}, {"flat-line-duplicate", onLines(lineDuplicate)}, {"flat-line-move", onLines(lineMove)},
}

var iniEdits = []Edit{
	{"ini-section", insertsLine("[zz]\n", "[data]\n", "[sops]\n", "[DEFAULT]\n", "[]\n", "[a\n", "[zz.y]\n[zz]\n", "[ zz ]\n")},
	{"ini-line", insertsLine("zz = 1\n", "zz=\"1\"\n", "zz = `1`\n", "zz\n", "zz = a ; c\n", "zz = a # c\n", "zz: 1\n", "= 1\n",
		"zz = \"\"\"a\nb\"\"\"\n", "zz = a\\\n  b\n", "; c\n", "# c\n", "- = 1\n", "zz = 'a'\n", "ZZ = 1\n", "zz =\n")},
}

var dotenvMetadataEdits = []Edit{
	{"env-meta-line", insertsLine("sops_unencrypted_suffix=_ENC\n", "sops_encrypted_regex=^A\n", "sops_mac_only_encrypted=true\n",
		"sops_mac_only_encrypted=false\n", "sops_shamir_threshold=2\n", "sops_shamir_threshold=x\n", "sops_mac=\n", "sops_=x\n",
		"sops_version=3.1\n", "sops_age=x\n", "sops_age__list_0=x\n", "sops_age__list_1__map_enc=x\n", "sops_age__list_x__map_enc=x\n",
		"sops_kms__list_0__map_arn=x\n", "sops_unknown__map_a__list_0=1\n", "sops_age__map_0=x\n", "SOPS_MAC=x\n", "sops_pgp=\n")},
	{"env-meta-key", replaces("sops_", "Sops_", "sops_mac", "sops_version", "__list_0", "__list_1", "__list_00", "__map_", "_lastmodified=")},
	{"env-meta-newline", replaces("\\n", "\\\\n", "\\r\\n", " ", "\\n\\n")},
	{"env-meta-time", replaces("Z\n", "+00:00\n", ".5Z\n", "z\n")},
}

var iniMetadataEdits = []Edit{
	{"ini-meta-line", afterLine("[sops]", "unencrypted_suffix = _enc\n", "encrypted_regex = ^a\n", "mac_only_encrypted = true\n",
		"shamir_threshold = 2\n", "mac = \n", "version = 3.1\n", "age = x\n", "age__list_0 = x\n", "age__list_1__map_enc = x\n",
		"unknown = x\n", "kms__list_0__map_arn = x\n", "; c\n", "MAC = x\n", "\"mac\" = x\n", "encrypted_suffix = \"\"\n", "pgp =\n")},
	{"ini-meta-key", replaces("[sops]", "[Sops]", "mac ", "version ", "__list_0", "__list_1", "__map_", "lastmodified ", "age__")},
	{"ini-meta-newline", replaces("\\n", "\\\\n", "\\r\\n", " ", "\\n\\n")},
	{"ini-meta-time", replaces("Z\n", "+00:00\n", ".5Z\n", "z\n")},
}

// afterLine gives an edit that adds one of some lines after the line that begins with a mark.
func afterLine(mark string, lines ...string) func(*rand.Rand, []byte) []byte {
	return onLines(func(r *rand.Rand, all []string) []string {
		at := slices.IndexFunc(all, func(line string) bool { return strings.HasPrefix(line, mark) })
		if at < 0 {
			return nil
		}
		return slices.Insert(all, at+1+r.IntN(len(all)-at), pick(r, lines))
	})
}
