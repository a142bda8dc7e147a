package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Names that say nothing about what a package or a file holds.
var empty = []string{"util", "utils", "helper", "helpers", "common", "misc", "manager"}

// longest is what one file may have: one subject fits on it.
const longest = 800

func TestEveryPackageSaysWhatItHolds(t *testing.T) {
	for _, p := range packages(t) {
		name := p.ImportPath[strings.LastIndexByte(p.ImportPath, '/')+1:]
		want := "Package " + name + " "
		if p.Name == "main" {
			want = "Command " + name + " "
		}
		if !strings.HasPrefix(p.Doc, want) {
			t.Errorf("the comment of package %s does not begin with %q: %q", p.ImportPath, want, p.Doc)
		}
		for _, e := range empty {
			if name == e {
				t.Errorf("package %s is not named for what it holds", p.ImportPath)
			}
		}
	}
}

func TestEveryFileHasOneSubject(t *testing.T) {
	for _, p := range packages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles) {
			path := filepath.Join(p.Dir, name)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			if ast.IsGenerated(file) {
				continue
			}
			if n := bytes.Count(text, []byte("\n")); n > longest {
				t.Errorf("%s has %d lines, more than %d", path, n, longest)
			}
			for _, e := range empty {
				if strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test") == e {
					t.Errorf("%s is not named for its subject", path)
				}
			}
			for _, d := range file.Decls {
				// What registers itself on import cannot be seen where it is used.
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					t.Errorf("%s has an init function", path)
				}
			}
		}
	}
}

func TestMainIsShort(t *testing.T) {
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(text, []byte("\n")); n >= 100 {
		t.Errorf("main.go has %d lines; it wires, it does not work", n)
	}
}

func TestModuleIsWhatTheListSays(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Module  struct{ Path string }
		Require []struct {
			Path     string
			Indirect bool
		}
		Replace []json.RawMessage
		Exclude []json.RawMessage
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if mod.Module.Path != "clara" {
		t.Errorf("module is %q", mod.Module.Path)
	}
	if len(mod.Replace) > 0 || len(mod.Exclude) > 0 {
		t.Errorf("go.mod replaces %s, excludes %s", mod.Replace, mod.Exclude)
	}
	direct := map[string]bool{}
	for _, r := range mod.Require {
		direct[r.Path] = !r.Indirect
		if _, listed := libraries[r.Path]; !r.Indirect && !listed {
			t.Errorf("go.mod requires %s, which is not among the libraries", r.Path)
		}
	}
	for path := range libraries {
		if !direct[path] {
			t.Errorf("the library %s is listed and not used", path)
		}
	}
}
