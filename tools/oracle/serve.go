package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"sopsguard.invalid/oracle/reference"
)

// request holds the fields of all operations; each uses its own.
type request struct {
	ID       json.RawMessage `json:"id"`
	Op       string          `json:"op"`
	B64      []byte          `json:"b64"`
	Format   string          `json:"format"`
	Texts    []string        `json:"texts"`
	Pattern  string          `json:"pattern"`
	TextsB64 [][]byte        `json:"texts_b64"`
	Own      []string        `json:"own"`
	Config   string          `json:"config"`
	Path     string          `json:"path"`
	reference.Rule
}

// maxRequest bounds one line of input.
const maxRequest = 256 << 20

// serve answers one request a line, in order, until the input ends.
func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 1<<16), maxRequest)
	writer := bufio.NewWriter(out)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := encoder.Encode(answer(lines.Bytes())); err != nil {
			return err
		}
		if err := writer.Flush(); err != nil {
			return err
		}
	}
	return lines.Err()
}

// answer is the whole answer to one line: the operation's fields beside the echoed id.
func answer(line []byte) any {
	var req request
	if err := json.Unmarshal(line, &req); err != nil {
		return failure(nil, fmt.Errorf("request: %w", err))
	}
	result, err := perform(&req)
	if err != nil {
		return failure(req.ID, err)
	}
	return withID(req.ID, result)
}

// timeLimit is for one request. What runs longer goes on in vain until the process ends.
const timeLimit = 20 * time.Second

func perform(req *request) (any, error) {
	type outcome struct {
		result any
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		o.err = reference.Guarded(func() (err error) {
			o.result, err = operate(req)
			return err
		})
		done <- o
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-time.After(timeLimit):
		return reference.Verdict{Err: "no answer within the time limit", Stage: reference.StageTime}, nil
	}
}

func operate(req *request) (any, error) {
	format := req.Format
	if format == "" {
		format = "yaml"
	}
	switch req.Op {
	case "yaml":
		return reference.ViewYAML(req.B64), nil
	case "view":
		return reference.ViewText(req.B64, format), nil
	case "resolve":
		return resolveAll(req.Texts), nil
	case "decrypt":
		return reference.Decrypt(req.B64, format), nil
	case "expect":
		return reference.Expect(req.B64, format, req.Own), nil
	case "tree":
		leaves, err := reference.Tree(req.B64, format)
		return treeAnswer{OK: err == nil, Leaves: leaves}, err
	case "encrypt":
		encrypted, err := reference.Encrypt(req.B64, format, req.Rule)
		return encryptAnswer{OK: err == nil, B64: encrypted}, err
	case "rule":
		return reference.Choose(req.Config, req.Path)
	case "regexp":
		matches, err := reference.Match(req.Pattern, req.TextsB64)
		return regexpAnswer{OK: err == nil, Matches: matches}, err
	default:
		return nil, fmt.Errorf("unknown op %q", req.Op)
	}
}

type treeAnswer struct {
	OK     bool             `json:"ok"`
	Leaves []reference.Leaf `json:"leaves"`
}

type encryptAnswer struct {
	OK  bool   `json:"ok"`
	B64 []byte `json:"b64"`
}

type regexpAnswer struct {
	OK      bool   `json:"ok"`
	Matches []bool `json:"matches"`
}

func failure(id json.RawMessage, err error) any {
	_, panicked := err.(*reference.PanicError)
	return withID(id, struct {
		OK    bool   `json:"ok"`
		Panic bool   `json:"panic,omitempty"`
		Err   string `json:"err"`
	}{false, panicked, err.Error()})
}

// withID puts the id in front of the fields of result, which is a struct.
func withID(id json.RawMessage, result any) any {
	if len(id) == 0 {
		return result
	}
	encoded, err := json.Marshal(result)
	if err != nil || len(encoded) < 2 {
		return result
	}
	line := append([]byte(`{"id":`), id...)
	if encoded[1] != '}' {
		line = append(line, ',')
	}
	return json.RawMessage(append(line, encoded[1:]...))
}

// resolved is one scalar in the form of the recorded table.
type resolved struct {
	Type string  `json:"type"`
	Hex  *string `json:"hex"`
	Err  *string `json:"err"`
}

type resolveAnswer struct {
	Scalars []resolved `json:"scalars"`
}

func resolveAll(texts []string) resolveAnswer {
	answer := resolveAnswer{Scalars: make([]resolved, 0, len(texts))}
	for _, text := range texts {
		kind, content, err := reference.ResolveScalar(text)
		one := resolved{Type: kind}
		if err != nil {
			text := err.Error()
			one.Err = &text
		} else if kind != "nil" {
			encoded := fmt.Sprintf("%x", content)
			one.Hex = &encoded
		}
		answer.Scalars = append(answer.Scalars, one)
	}
	return answer
}
