package server

import (
	"encoding/json"
	"net/http"
	"sync"
)

// openAPIRoutes serves the description of the interface for programs, in each form that
// there is. huma would serve it too, but makes it on the first request, without a lock:
// requests side by side would race.
func (s *server) openAPIRoutes() {
	o := s.api.OpenAPI()
	s.openAPIRoute("/openapi.json", "application/openapi+json", func() ([]byte, error) { return json.Marshal(o) })
	s.openAPIRoute("/openapi-3.0.json", "application/openapi+json", o.Downgrade)
	s.openAPIRoute("/openapi.yaml", "application/openapi+yaml", o.YAML)
	s.openAPIRoute("/openapi-3.0.yaml", "application/openapi+yaml", o.DowngradeYAML)
}

// openAPIRoute serves one form, which is made once, when the interface is complete: on the
// first request.
func (s *server) openAPIRoute(path, contentType string, form func() ([]byte, error)) {
	made := sync.OnceValues(form)
	s.mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
		text, err := made()
		if err != nil {
			s.Log.Error("the description of the interface", "path", path, "error", err)
			http.Error(w, "the description cannot be written", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(text) // who asked may be gone
	})
}
