package cli

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"clara/configs"
)

// noteWords are what the note promises and shows, in its own words and order. Each stands
// in the table.
var noteWords = []string{
	"kontinuierliche LoRA-Verbesserung zur Laufzeit", "Qualitäts-Filterung", "Nutzer-Input", "Bewertung", "Live-Buffer", "Training", "Verbessertes Modell",
	"clara_continuous_learning.py --config configs/continuous_config.yaml", "live_demo.py", "start_continuous_learning.bat", ".ps1",
	"--interactive", "quit", "status", "enabled", "buffer_size: 1000", "quality_threshold: -0.5", "min_batch_size: 25", "train_interval: 180", "learning_rate: 1e-6", "max_epochs: 1",
	"Source (user, demo, conversation)", "Importance", "ContinuousLoRATrainer", "start_continuous_learning()", "add_feedback_sample(text, feedback_score, source, importance)",
	"process_conversation(user_input, model_output, user_rating)", "generate_with_live_model", "get_live_stats()", "POST /feedback", "POST /generate",
	"Live-Statistiken", "Performance: Live-Sample", "Error-Recovery", "Memory-Management", "Multi-User", "Balance halten: positive und negative Samples",
	"Qualitäts-Schwelle: -0.5 bis 0.0", "Training-Erfolgsrate", "Buffer füllt sich nicht", "--stats", "Senke quality_threshold", "Training startet nicht",
	"Prüfe min_batch_size", "Reduziere train_interval", "Überprüfe GPU-Memory", "Modell verbessert sich nicht", "Erhöhe learning_rate", "Prüfe Feedback-Qualität",
	"Verlängere max_epochs", "--verbose", "live_demo.py --debug", "Cloud-Integration: Remote Training-Cluster", "v1.3: Performance-Optimierungen",
	"Neue Feedback-Quellen", "Verbesserte Algorithmen", "Bessere Benutzeroberflächen", "Skalierung: Multi-User und Cloud-Deployment", "CLARA lernt nie aus",
}

// TestSeed walks the table of docs/seed.md: what it says keeps a promise of the note is
// there, under that name, and no promise is left out.
func TestSeed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "seed.md"))
	if err != nil {
		t.Fatal(err)
	}
	w := newSeedWalk(t)
	rows, promised := 0, ""
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if !strings.HasPrefix(line, "| ") || len(cells) != 3 || strings.HasPrefix(line, "| The note") {
			continue
		}
		rows++
		promised += cells[0] + "\n"
		kept := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1)
		if len(kept) == 0 {
			t.Errorf("nothing keeps %s", cells[0])
		}
		for _, k := range kept {
			if why := w.missing(k[1]); why != "" {
				t.Errorf("%s: `%s` %s", strings.TrimSpace(cells[0]), k[1], why)
			}
		}
	}
	if rows < 45 {
		t.Errorf("only %d rows were found", rows)
	}
	for _, word := range noteWords {
		if !strings.Contains(promised, word) {
			t.Errorf("no row of the table is about %q", word)
		}
	}
}

// seedWalk knows what there is.
type seedWalk struct {
	root     *cobra.Command
	prompt   []string        // words of the prompt
	words    map[string]bool // that the window says in English
	routes   map[string]bool // "POST /feedback"
	exported map[string]bool // "New", "Trainer.Start"
}

func newSeedWalk(t *testing.T) *seedWalk {
	t.Helper()
	p := &program{language: english}
	d := &dialogue{program: p, style: worded}
	w := &seedWalk{root: p.root(), prompt: d.commandNames(), words: map[string]bool{}, routes: map[string]bool{}, exported: map[string]bool{}}
	said, err := os.ReadFile(filepath.Join("..", "app", "translations", "en.json"))
	if err != nil {
		t.Fatal(err)
	}
	var words map[string]string
	if err := json.Unmarshal(said, &words); err != nil {
		t.Fatal(err)
	}
	for _, text := range words {
		w.words[text] = true
	}
	route := regexp.MustCompile(`http\.Method(\w+), "(/[^"]*)"`)
	eachSource(t, filepath.Join("..", "server"), func(_ *ast.File, text string) {
		for _, m := range route.FindAllStringSubmatch(text, -1) {
			w.routes[strings.ToUpper(m[1])+" "+m[2]] = true
		}
	})
	eachSource(t, filepath.Join("..", "trainer"), func(f *ast.File, _ string) {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := fn.Name.Name
			if fn.Recv != nil {
				if star, ok := fn.Recv.List[0].Type.(*ast.StarExpr); ok {
					if of, ok := star.X.(*ast.Ident); ok {
						name = of.Name + "." + name
					}
				}
			}
			w.exported[name] = true
		}
	})
	if len(w.routes) < 10 || len(w.exported) < 50 {
		t.Fatalf("only %d requests and %d functions were found", len(w.routes), len(w.exported))
	}
	return w
}

// eachSource visits the sources of a folder that are no tests.
func eachSource(t *testing.T, dir string, visit func(*ast.File, string)) {
	t.Helper()
	files, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		visit(f, string(text))
	}
}

// missing says what of a name is not there; "": all of it is.
func (w *seedWalk) missing(name string) string {
	first, rest, _ := strings.Cut(name, " ")
	switch {
	case first == "clara":
		return w.missingCommand(strings.Fields(rest))
	case first == "learn>":
		if !slices.Contains(w.prompt, rest) {
			return "is no word of the prompt"
		}
	case first == "window:":
		if !w.words[rest] {
			return "is not said in the window"
		}
	case first == "GET", first == "POST":
		if !w.routes[name] {
			return "is no request of the server"
		}
	case strings.HasPrefix(name, "trainer."):
		if !w.exported[strings.TrimPrefix(name, "trainer.")] {
			return "is no function of the trainer"
		}
	default:
		if _, ok := configs.KeyOf(name); ok {
			return ""
		}
		if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(name))); err != nil {
			return "is neither a setting nor a file"
		}
	}
	return ""
}

func (w *seedWalk) missingCommand(words []string) string {
	cmd := w.root
	for i, word := range words {
		if strings.HasPrefix(word, "--") {
			if cmd.Flag(strings.TrimPrefix(word, "--")) == nil {
				return "has no flag " + word
			}
			continue
		}
		at := slices.IndexFunc(cmd.Commands(), func(c *cobra.Command) bool { return c.Name() == word })
		if at < 0 {
			return "has no command " + strings.Join(words[:i+1], " ")
		}
		cmd = cmd.Commands()[at]
	}
	return ""
}

// What is not there is found out: the walk would be worth nothing otherwise.
func TestSeedWalkFindsWhatIsMissing(t *testing.T) {
	w := newSeedWalk(t)
	for _, name := range []string{
		"clara fly", "clara learn --fly", "clara feedback fly", "learn> fly", "window: Fly", "POST /fly", "trainer.Fly", "trainer.Trainer.Fly",
		"continuous.fly", "fly.bat",
	} {
		if w.missing(name) == "" {
			t.Errorf("%s is taken to be there", name)
		}
	}
}
