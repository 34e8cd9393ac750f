package differ

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sopsguard.invalid/oracle/generate"
	"sopsguard.invalid/oracle/reference"
)

// playVariable makes the test binary play the program under test; its value names what it does wrong.
const playVariable = "ORACLE_TEST_PLAY"

func TestMain(m *testing.M) {
	if fault, ok := os.LookupEnv(playVariable); ok {
		play(fault, os.Args[1:])
		return
	}
	os.Exit(m.Run())
}

// play answers with the reference's own verdicts, but for one planted fault.
func play(fault string, args []string) {
	if args[0] == "explain" {
		playTree(fault, args[len(args)-1])
		return
	}
	own := strings.Split(os.Getenv("ORACLE_TEST_OWN"), ",")
	files, _ := filepath.Glob(filepath.Join(args[len(args)-1], "*"))
	var out report
	for _, path := range files {
		text, _ := os.ReadFile(path)
		format := formatOf(path)
		verdict := reference.ExpectAgeOnly(text, format, own)
		said := verdict.Want
		switch {
		case fault == "lenient-mac" && verdict.Stage == reference.StageMAC:
			said = "verified"
		case fault == "strict-null" && verdict.OK && bytes.Contains(text, []byte(": ~")):
			said = "failed"
		case fault == "crash" && bytes.Contains(text, []byte("\t")):
			os.Exit(101)
		case fault == "blind" && verdict.OK:
			continue
		}
		out.Files = append(out.Files, struct {
			Path string `json:"path"`
			answer
		}{path, answer{Verification: said}})
	}
	_ = json.NewEncoder(os.Stdout).Encode(out)
}

func formatOf(path string) string {
	for format, ending := range generate.Formats {
		if strings.HasSuffix(path, ending) {
			return format
		}
	}
	return "binary"
}

func playTree(fault, path string) {
	text, _ := os.ReadFile(path)
	leaves, err := reference.Tree(text, formatOf(path))
	if err != nil {
		os.Exit(1)
	}
	for i := range leaves {
		if fault == "octal" && leaves[i].Kind == "int" {
			leaves[i].BytesSHA256 = ""
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"leaves": leaves})
}

// runAgainst runs the comparison against this binary with a fault.
func runAgainst(t *testing.T, fault string, count uint64) (output string, err error) {
	t.Helper()
	t.Setenv(playVariable, fault)
	for _, variable := range os.Environ() { // Run clears the environment
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	program, executableErr := os.Executable()
	if executableErr != nil {
		t.Fatal(executableErr)
	}
	wrapper := filepath.Join(t.TempDir(), "program")
	script := fmt.Sprintf("#!/bin/sh\nexport %s=%s ORACLE_TEST_OWN=\"$(cat %s.own 2>/dev/null)\"\nexec %s \"$@\"\n",
		playVariable, fault, wrapper, program)
	if err := os.WriteFile(wrapper, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	err = Run(Options{Count: count, Seed: 3, Formats: []string{"yaml", "yaml", "json", "dotenv", "ini", "binary"}, Command: wrapper, TreeEvery: 10, Differences: 1, Keep: t.TempDir(), Out: &out, tries: 60,
		onIdentities: func(own []string) { _ = os.WriteFile(wrapper+".own", []byte(strings.Join(own, ",")), 0o600) }})
	return out.String(), err
}

func TestAgreementPasses(t *testing.T) {
	if output, err := runAgainst(t, "none", 1000); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
}

func TestEachPlantedFaultIsFoundAndMinimised(t *testing.T) {
	for fault, telling := range map[string]string{
		"lenient-mac": `expected "failed", got "verified"`,
		"strict-null": `expected "verified", got "failed"`,
		"crash":       `got "crash"`,
		"blind":       `got "not-listed"`,
		"octal":       "bytes-sha256 of a int leaf",
	} {
		t.Run(fault, func(t *testing.T) {
			output, err := runAgainst(t, fault, 160)
			if err == nil {
				t.Fatalf("not found:\n%s", output)
			}
			if !strings.Contains(output, telling) || !strings.Contains(output, "minimal case") {
				t.Fatalf("the report does not tell:\n%s", output)
			}
			t.Log(output[strings.Index(output, "DIFFERENCE"):])
		})
	}
}
