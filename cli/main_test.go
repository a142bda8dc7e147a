package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"clara/model/gguf"
)

// program is the real program, built once for all tests of this package.
var program string

// modelFile is the built-in model; "" where it was not fetched.
var modelFile string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	root, err := filepath.Abs("..")
	if err != nil {
		return failed(err)
	}
	dir, err := os.MkdirTemp("", "clara-cli-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	// Without models beside it: a test names its model, or has none.
	program = filepath.Join(dir, "bin", "clara")
	if runtime.GOOS == "windows" {
		program += ".exe" // without it nothing is a program there
	}
	build := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-X main.version=test", "-o", program, ".")
	build.Dir = root
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return failed(fmt.Errorf("build the program: %w", err))
	}
	path := filepath.Join(root, "models", "SmolLM2-135M-Instruct.Q4_1.gguf")
	if _, err := os.Stat(path); err == nil {
		modelFile = path
	} else if !errors.Is(err, os.ErrNotExist) {
		return failed(err)
	}
	if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
		if modelFile == "" || goldenFolder() == "" || killedModel() == "" || killedModel() == modelFile && os.Getenv(manyKills) == "" {
			return failed(fmt.Errorf("the model %s or the test data in %s are not there", path, testData()))
		}
	}
	return m.Run()
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// TestScripts uses the program as its user does: testdata/*.txtar.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Condition: func(name string) (bool, error) {
			switch name {
			case "model":
				return modelFile != "", nil
			case "golden":
				return modelFile != "" && goldenFolder() != "", nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("PATH", filepath.Dir(program)+string(filepath.ListSeparator)+e.Getenv("PATH"))
			e.Setenv("CLARA_HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("HOME", filepath.Join(e.WorkDir, "user"))
			e.Setenv("LANG", "C")
			e.Setenv("MODEL", modelFile)
			e.Setenv("GOLDEN", goldenFolder())
			e.Setenv("DISPLAY", "")
			e.Setenv("WAYLAND_DISPLAY", "")
			server := modelServer()
			e.Defer(server.Close)
			e.Setenv("SERVER", server.URL)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			// exits CODE ARGS...: runs the program and wants this exit code.
			"exits": exits,
		},
		ContinueOnError: true,
	})
}

// modelServer serves tiny.gguf, whose head is that of a model, and page.gguf, which is none.
func modelServer() *httptest.Server {
	meta := []gguf.KV{{Key: "general.architecture", Value: "llama"}, {Key: "tokenizer.ggml.model", Value: "llama"}, {Key: "llama.attention.layer_norm_rms_epsilon", Value: float32(1e-5)}}
	for key, n := range map[string]uint32{"block_count": 2, "embedding_length": 64, "feed_forward_length": 96, "attention.head_count": 4, "context_length": 256} {
		meta = append(meta, gguf.KV{Key: "llama." + key, Value: n})
	}
	var file bytes.Buffer
	err := gguf.Write(&file, meta, []gguf.Tensor{{Name: "token_embd.weight", Type: gguf.F32, Dims: []uint64{64, 100}, Data: make([]byte, 4*64*100)}})
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusNotImplemented)
		case r.URL.Path == "/tiny.gguf":
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file.Bytes()))
		case r.URL.Path == "/page.gguf":
			fmt.Fprint(w, "<html>Log in first</html>")
		default:
			http.NotFound(w, r)
		}
	}))
}

// testData is the folder of the test data, which need not be there.
func testData() string {
	if data := os.Getenv("CLARA_TESTDATA"); data != "" {
		return data
	}
	return filepath.Join("..", "..", "shared", "data")
}

// goldenFolder holds what transformers + PEFT made with the built-in model; "" where
// the test data is not there.
func goldenFolder() string {
	folder, err := filepath.Abs(filepath.Join(testData(), "golden", "smollm2"))
	if err != nil {
		return ""
	}
	if _, err := os.Stat(filepath.Join(folder, "golden.json")); err != nil {
		return ""
	}
	return folder
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARGS...")
	}
	err := ts.Exec("clara", args[1:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("clara %v: exit code %d, not %s", args[1:], code, args[0])
	}
}
