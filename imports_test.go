package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// DO NOT CHANGE THIS DATA TO FIX A BUILD. It is the drawing of the house: who may
// import whom. A new line is a decision about the architecture.

// rooms names every package of the program with the packages of ours that it may
// import. "model/*" stands for the packages below model.
var rooms = map[string][]string{
	"": {"*"},

	"app":     {"widgets", "trainer", "trainer/transcript", "catalogue", "configs"},
	"cli":     {"trainer", "catalogue", "model", "model/*", "compute", "configs"},
	"server":  {"trainer", "configs"},
	"widgets": {},

	"catalogue": {"trainer", "store", "model", "durable"},

	"trainer":            {"trainer/objective", "trainer/routing", "trainer/templates", "trainer/transcript", "trainer/words", "store", "model", "model/*"},
	"trainer/objective":  {},
	"trainer/routing":    {"trainer/words"},
	"trainer/templates":  {"store"},
	"trainer/transcript": {"trainer/words", "store"},
	"trainer/words":      {},
	"store":              {"durable"},

	"model":             {"model/*", "compute", "durable"},
	"model/chat":        {},
	"model/gguf":        {},
	"model/safetensors": {},
	"model/tokenizer":   {},

	"compute":             {},
	"compute/cpu":         {"compute"},
	"compute/conformance": {"compute"},
	"compute/selftest":    {"compute", "compute/cpu"}, // whose results it holds an engine to

	"cuda":        {"compute", "cuda/driver"},
	"cuda/driver": {},
	"shaders":     {"compute"},

	"configs": {"durable"},
	"durable": {},

	"prove": {"trainer", "store", "model", "model/*", "compute", "compute/cpu"}, // a program of its own, for figures
}

// roomsOfTests are the imports that only the tests of a package may have besides.
var roomsOfTests = map[string][]string{
	"":                  {"*"},
	"compute/cpu":       {"compute/conformance"},
	"cuda":              {"compute/conformance", "compute/cpu", "model"}, // a network, on either engine
	"shaders":           {"compute/conformance", "compute/cpu", "model"},
	"model":             {"compute/cpu"}, // a network needs an engine to run on
	"model/tokenizer":   {"model/gguf"},  // vocabularies come in GGUF files
	"trainer":           {"compute/cpu"},
	"trainer/templates": {"trainer/words"}, // whether they read as German
	"catalogue":         {"model/gguf"},    // files to fetch
	"cli":               {"store"},
	"server":            {"compute/cpu", "store", "model", "model/gguf"}, // users, each with a store, over a tiny model
	"app":               {"store"},
}

// libraries names every module of others that the program uses directly, with the
// packages that may import it: what a library is for stays in its room.
var libraries = map[string][]string{
	"fyne.io/fyne/v2":                     {"", "app", "widgets"},
	"github.com/adrg/xdg":                 {""},
	"github.com/alecthomas/chroma/v2":     {"widgets"}, // what the words of a program are
	"github.com/blevesearch/snowballstem": {"trainer/words"},
	"github.com/danielgtaylor/huma/v2":    {"server"},
	"github.com/edsrzf/mmap-go":           {"model/gguf", "model/safetensors"},
	"github.com/go-gl/gl":                 {"shaders"},
	"github.com/godbus/dbus/v5":           {""},                       // whether there is a tray; Fyne draws its icon through the same
	"github.com/gofrs/flock":              {"", "catalogue", "prove"}, // one program a folder
	"github.com/ncruces/go-strftime":      {"model/chat"},
	"github.com/pelletier/go-toml/v2":     {"configs"},
	"github.com/prometheus/client_golang": {"server"},
	"github.com/reeflective/readline":     {"cli"},
	"github.com/schollz/progressbar/v3":   {"cli"},
	"github.com/shirou/gopsutil/v4":       {"catalogue", "compute/cpu"},
	"github.com/spf13/cobra":              {"cli"},
	"github.com/yuin/goldmark":            {"widgets"}, // markdown; Fyne reads it with the same
	"golang.org/x/image":                  {"widgets"},
	"golang.org/x/sys":                    {"compute/cpu", "shaders"},
	"golang.org/x/term":                   {"cli"},
	"golang.org/x/text":                   {"app", "model/chat", "model/tokenizer"},
	"golang.org/x/time":                   {"server"},
	"gonum.org/v1/plot":                   {"prove", "trainer"}, // pictures that are exported
	"gorgonia.org/cu":                     {"cuda", "cuda/driver"},
	"modernc.org/sqlite":                  {"store"},
	"github.com/dlclark/regexp2/v2":       nil, // tests everywhere
	"github.com/google/go-cmp":            nil,
	"github.com/rogpeppe/go-internal":     nil,
	"go.uber.org/goleak":                  nil,
	"pgregory.net/rapid":                  nil,
}

// network names what of the standard library reaches out of a process, with the packages that may
// import it: nothing leaves the machine, and nothing is fetched unless the person asks for it. What
// asks another machine is the catalogue's alone.
var network = map[string][]string{
	"net":      {"", "cli", "server"}, // what listens here, and the socket of a second start
	"net/http": {"catalogue", "server"},
	"net/url":  {"app", "catalogue", "store", "widgets"}, // links, which the desktop opens; the name of a database
}

// asks are the names by which Go asks another machine.
var asks = regexp.MustCompile(`\bhttp\.(Client|Get|Post|PostForm|Head|DefaultClient|DefaultTransport|Transport|NewRequest\w*)\b|\bnet\.(Dial\w*|Lookup\w*|Resolver)\b|\btls\.Dial\w*`)

// asking are the files that may have such a name.
var asking = []string{"catalogue/download.go", "catalogue/connection.go", "raise.go"}

// Nothing but the catalogue asks another machine.
func TestImportsReachNoOtherMachine(t *testing.T) {
	var found []string
	for _, p := range packages(t) {
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles) {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			file := path.Join(p.room(), name)
			is := asks.Find(text)
			if is == nil {
				continue
			}
			found = append(found, file)
			if !slices.Contains(asking, file) {
				t.Errorf("%s has %s", file, is)
			}
		}
	}
	for _, file := range asking {
		if !slices.Contains(found, file) {
			t.Errorf("%s may ask another machine, and does not", file)
		}
	}
}

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath, Name, Doc, Dir         string
	GoFiles, CgoFiles                  []string
	TestGoFiles, XTestGoFiles          []string
	Imports, TestImports, XTestImports []string
}

func (p pkg) room() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "clara"), "/") }

// packages lists the program for the machine that the test runs on, or for the one that
// env describes, with the files of all engines: listing takes no compiler.
func packages(t *testing.T, env ...string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-tags=cuda", "-json=ImportPath,Name,Doc,Dir,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Env = append(cmd.Environ(), env...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &errs)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < len(rooms)/2 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

func TestImports(t *testing.T) {
	used := map[right]bool{}
	for _, system := range []string{"linux", "windows", "darwin"} {
		for _, p := range packages(t, "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=1") {
			allowed, known := rooms[p.room()]
			if !known {
				t.Errorf("package %s is not on the drawing", p.ImportPath)
				continue
			}
			for _, path := range p.Imports {
				used[check(t, p, path, allowed, false)] = true
			}
			for _, path := range slices.Concat(p.TestImports, p.XTestImports) {
				used[check(t, p, path, slices.Concat(allowed, roomsOfTests[p.room()]), true)] = true
			}
		}
	}
	// A right that nobody uses is one that anybody may begin to use unasked. What the
	// rooms themselves may import is the design's, whether it is used yet or not.
	for _, rights := range []map[string][]string{libraries, network} {
		for library, users := range rights {
			for _, room := range users {
				if !used[right{room, library, false}] {
					t.Errorf("clara/%s may import %s, and does not", room, library)
				}
			}
		}
	}
	for room, allowed := range roomsOfTests {
		for _, ours := range allowed {
			if ours != "*" && !used[right{room, ours, true}] {
				t.Errorf("the tests of clara/%s may import clara/%s, and do not", room, ours)
			}
		}
	}
}

// right is that a room, or its tests, may import a room or a library.
type right struct {
	room, what string
	test       bool
}

// check fails the test where p may not import path, and says by which right it does;
// what is of the standard library, or of the package itself, takes none.
func check(t *testing.T, p pkg, path string, allowed []string, test bool) right {
	t.Helper()
	if path == "net" || strings.HasPrefix(path, "net/") {
		if !test && !slices.Contains(network[path], p.room()) {
			t.Errorf("%s imports %s, which is for %q", p.ImportPath, path, network[path])
		}
		return right{p.room(), path, test}
	}
	if path == p.ImportPath || !strings.Contains(strings.SplitN(path, "/", 2)[0], ".") && !strings.HasPrefix(path, "clara/") {
		return right{}
	}
	if room, ours := strings.CutPrefix(path, "clara/"); ours {
		above, _, _ := strings.Cut(room, "/")
		if !slices.Contains(allowed, room) && !slices.Contains(allowed, "*") &&
			(above == room || !slices.Contains(allowed, above+"/*")) {
			t.Errorf("%s imports %s", p.ImportPath, path)
		}
		return right{p.room(), room, test}
	}
	for module, users := range libraries {
		if path != module && !strings.HasPrefix(path, module+"/") {
			continue
		}
		if !test && !slices.Contains(users, p.room()) {
			t.Errorf("%s imports %s, which is for %q", p.ImportPath, path, users)
		}
		return right{p.room(), module, test}
	}
	t.Errorf("%s imports %s, a library that is not on the list", p.ImportPath, path)
	return right{}
}
