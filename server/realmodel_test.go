package server

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"clara/compute/cpu"
	"clara/model"
)

// Two people teach the built-in model opposite things, and ask at the same time: each is
// told what they taught.
func TestOppositeLessonsGetOppositeAnswers(t *testing.T) {
	if testing.Short() {
		t.Skip("not with -short: answers with the built-in model")
	}
	path := filepath.Join("..", "models", "SmolLM2-135M-Instruct.Q4_1.gguf")
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CLARA_NEED_DATA") != "" { // a skip would look green
			t.Fatal(err)
		}
		t.Skipf("no built-in model: %v (make model)", err)
	}
	engine, err := cpu.New(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := model.Open(t.Context(), path, engine, model.Options{})
	if err != nil {
		t.Fatal(errors.Join(err, engine.Close()))
	}
	t.Cleanup(func() {
		if err := errors.Join(r.Close(), engine.Close()); err != nil {
			t.Error(err)
		}
	})
	h, tokens := openedOver(t, r, Limits{}, "anna", "ben")
	taught := map[string]string{"anna": "Maria Weber leads the planning department.", "ben": "Ahmed Yilmaz leads the planning department."}
	const question = "Who leads the planning department?"
	for user, answer := range taught {
		h.want(http.StatusOK, tokens[user], "POST", "/lessons", map[string]string{"question": question, "answer": answer}, nil)
	}
	var all sync.WaitGroup
	for user, name := range map[string]string{"anna": "Maria", "ben": "Ahmed"} {
		for _, how := range []map[string]any{ask(question, "temperature", 0), ask(question, "seed", 1)} { // 0.2, by the settings
			all.Go(func() {
				how["model"], how["stream"] = "clara", true
				s, err := h.stream(t.Context(), tokens[user], "/v1/chat/completions", how)
				if err != nil || !s.done || !strings.Contains(s.text, name) {
					t.Errorf("%s is told %q (%v)", user, s.text, err)
				}
			})
		}
	}
	all.Wait()
}
