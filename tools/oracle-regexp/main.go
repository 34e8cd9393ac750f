// Command oracle-regexp records what Go's regexp package says, for the tests of src/sops/pattern.
//
//	oracle-regexp answer < questions.jsonl      {"pattern","texts"} gains {"ok","err","matches"}
//	oracle-regexp generate [-seed N] [-n N]     prints questions: N patterns, each with texts near its language
//	oracle-regexp classes                       prints questions about all of Unicode's classes and case pairs
//	oracle-regexp limits                        prints questions at Go's limits
//	oracle-regexp tables                        prints src/sops/pattern/unicode.txt
//
// A text is a JSON string, or {"b64": "..."} where it is not UTF-8.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// text is the bytes of one text to match.
type text string

func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return plainJSON(string(t))
	}
	return plainJSON(map[string]string{"b64": base64.StdEncoding.EncodeToString([]byte(t))})
}

func (t *text) UnmarshalJSON(raw []byte) error {
	var plain string
	if json.Unmarshal(raw, &plain) == nil {
		*t = text(plain)
		return nil
	}
	var coded struct{ B64 []byte }
	err := json.Unmarshal(raw, &coded)
	*t = text(coded.B64)
	return err
}

func plainJSON(v any) ([]byte, error) {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return []byte(strings.TrimSuffix(out.String(), "\n")), err
}

// record is a question and, once answered, its answer.
type record struct {
	Pattern string `json:"pattern"`
	Texts   []text `json:"texts,omitempty"`
	Ok      *bool  `json:"ok,omitempty"`
	Err     string `json:"err,omitempty"`
	Matches []bool `json:"matches,omitempty"`
}

func (r *record) answer() {
	// Parsing alone refuses; to compile what is never matched can take gigabytes.
	_, err := syntax.Parse(r.Pattern, syntax.Perl)
	ok := err == nil
	r.Ok = &ok
	if err != nil {
		r.Err = strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		if len(r.Err) > 200 {
			r.Err, _, _ = strings.Cut(r.Err, ":")
		}
		r.Texts = nil
		return
	}
	if len(r.Texts) == 0 {
		return
	}
	compiled := regexp.MustCompile(r.Pattern)
	for _, t := range r.Texts {
		r.Matches = append(r.Matches, compiled.MatchString(string(t)))
	}
}

func answer(in io.Reader, out *bufio.Writer) error {
	decoder := json.NewDecoder(in)
	for {
		var r record
		if err := decoder.Decode(&r); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		r.answer()
		if err := r.print(out); err != nil {
			return err
		}
	}
}

func (r *record) print(out *bufio.Writer) error {
	line, err := plainJSON(r)
	if err == nil {
		_, err = fmt.Fprintf(out, "%s\n", line)
	}
	return err
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	command, args := "", []string{}
	if len(os.Args) > 1 {
		command, args = os.Args[1], os.Args[2:]
	}
	var err error
	switch command {
	case "answer":
		err = answer(os.Stdin, out)
	case "generate":
		flags := flag.NewFlagSet("generate", flag.ExitOnError)
		seed := flags.Int64("seed", 1, "seed of the random source")
		n := flags.Int("n", 1000, "number of patterns")
		flags.Parse(args)
		err = generate(*seed, *n, out)
	case "classes":
		err = classes(out)
	case "limits":
		err = limits(out)
	case "tables":
		err = tables(out)
	default:
		err = fmt.Errorf("usage: oracle-regexp answer|generate|classes|limits|tables")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
