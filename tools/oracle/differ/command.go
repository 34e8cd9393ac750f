package differ

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"sopsguard.invalid/oracle/generate"
	"sopsguard.invalid/oracle/reference"
)

// command is the program under test.
type command struct {
	path        string
	environment []string
	folder      string // where it is started
}

// commandTimeout is for one call of the program.
const commandTimeout = 60 * time.Second

// answer is what the program says about one file.
type answer struct {
	Verification string `json:"verification"`
	Reason       string `json:"reason"`
}

// unfinished holds for an answer that says what the program cannot do yet, or that the file is another
// program's: sops refuses such a file, and nothing is wrong with it.
func (a answer) unfinished(want string) bool {
	foreign := a.Verification == "not-encrypted" && a.Reason != "" && want == "failed"
	return strings.HasPrefix(a.Reason, "unsupported") || foreign ||
		a.Verification == "not-listed" && want == "not-encrypted"
}

// report is the part of the program's JSON output that is compared.
type report struct {
	Files []struct {
		Path string `json:"path"`
		answer
	} `json:"files"`
}

// run starts the program and gives what it printed; a crash or an exit code above 1 is an error.
func (c *command) run(args ...string) (stdout []byte, exit int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	process := exec.CommandContext(ctx, c.path, args...)
	process.Env = c.environment
	process.Dir = c.folder
	var stderr bytes.Buffer
	process.Stderr = &stderr
	stdout, err = process.Output()
	var exited *exec.ExitError
	if errors.As(err, &exited) && exited.ExitCode() == 1 {
		return stdout, 1, nil
	}
	if err != nil {
		return stdout, -1, fmt.Errorf("%s %s: %w\n%s", c.path, strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout, 0, nil
}

// check gives the answers for all files of a folder, by name.
func (c *command) check(folder string) (map[string]answer, error) {
	stdout, _, err := c.run("check", "--format", "json", folder)
	if err != nil {
		return nil, err
	}
	var parsed report
	if err := json.Unmarshal(stdout, &parsed); err != nil {
		return nil, fmt.Errorf("check: %w in %.300q", err, stdout)
	}
	answers := make(map[string]answer, len(parsed.Files))
	for _, file := range parsed.Files {
		answers[filepath.Base(file.Path)] = file.answer
	}
	return answers, nil
}

// checkOne asks about one text.
func (c *command) checkOne(text []byte, format string) (answer, error) {
	folder, err := os.MkdirTemp(c.folder, "one-")
	if err != nil {
		return answer{}, err
	}
	defer os.RemoveAll(folder)
	name := "case" + generate.Formats[format]
	if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
		return answer{}, err
	}
	answers, err := c.check(folder)
	if err != nil {
		return answer{Verification: "crash"}, nil
	}
	return listed(answers, name), nil
}

// listed is the answer for a file; one that the program passes over has its own.
func listed(answers map[string]answer, name string) answer {
	if found, ok := answers[name]; ok {
		return found
	}
	return answer{Verification: "not-listed"}
}

// tree asks how the program reads a file. With loads false the program refuses it.
func (c *command) tree(path string) (leaves []reference.Leaf, loads bool, err error) {
	stdout, exit, err := c.run("explain", "--tree", "--format", "json", path)
	if err != nil {
		return nil, false, err
	}
	if exit == 1 {
		return nil, false, nil
	}
	var parsed struct {
		Leaves []reference.Leaf `json:"leaves"`
	}
	if err := json.Unmarshal(stdout, &parsed); err != nil {
		return nil, false, fmt.Errorf("explain: %w in %.300q", err, stdout)
	}
	return parsed.Leaves, true, nil
}
