package trainer

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// testdata finds a file of the shared test data, or skips.
func testdata(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("CLARA_TESTDATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		lacks(t, fmt.Sprintf("no test data: %v (set CLARA_TESTDATA)", err))
	}
	return path
}

// lacks skips a test for want of what the test data or the folder of models should hold. Where
// CLARA_NEED_DATA says that all is there, it fails: a skip would look green.
func lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CLARA_NEED_DATA") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

type factLesson struct {
	Prompt, Correction     string
	Rewordings, Neighbours []string
	Expect                 [][]string
}

func facts(t testing.TB) []factLesson {
	data, err := os.ReadFile(testdata(t, "learning", "facts.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f struct{ Lessons []factLesson }
	if err := json.Unmarshal(data, &f); err != nil {
		t.Fatal(err)
	}
	return f.Lessons
}
