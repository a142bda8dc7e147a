package catalogue

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clara/model/gguf"
	"clara/trainer"
)

// modelBytes is a small file that looks like a model from outside; mark makes them differ.
func modelBytes(t testing.TB, mark byte, more ...gguf.KV) []byte {
	t.Helper()
	const width, rows = 64, 1024
	meta := append([]gguf.KV{{Key: "general.architecture", Value: "llama"}}, more...)
	if more == nil {
		meta = append(meta, gguf.KV{Key: "tokenizer.ggml.model", Value: "llama"})
	}
	for key, n := range map[string]uint32{"block_count": 2, "embedding_length": width, "feed_forward_length": 96, "attention.head_count": 4, "attention.head_count_kv": 2, "context_length": 256} {
		meta = append(meta, gguf.KV{Key: "llama." + key, Value: n})
	}
	meta = append(meta, gguf.KV{Key: "llama.attention.layer_norm_rms_epsilon", Value: float32(1e-5)})
	var file bytes.Buffer
	data := bytes.Repeat([]byte{mark, 0, 0, 0}, width*rows)
	if err := gguf.Write(&file, meta, []gguf.Tensor{{Name: "token_embd.weight", Type: gguf.F32, Dims: []uint64{width, rows}, Data: data}}); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// source is a server with one file, and with the failings of real ones.
type source struct {
	*httptest.Server
	mu       sync.Mutex
	file     []byte
	tag      string // ETag; "": none
	cut      int    // of each answer only so many bytes come; 0: all
	cuts     int    // so many answers are cut; -1: all
	statuses []int  // answered first, one each
	claims   int    // Content-Length and totals lie by so much
	deaf     bool   // ranges are ignored
	careless bool   // If-Range is ignored
	stalls   int    // so many answers stop in the middle without an end
	ended    chan struct{}
	asked    []string // the Range of each request
}

func newSource(t *testing.T, file []byte) *source {
	s := &source{file: file, tag: `"one"`, cuts: -1, ended: make(chan struct{})}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() { close(s.ended); s.Close() })
	return s
}

func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Header.Get("Range"))
	if len(s.statuses) > 0 {
		w.WriteHeader(s.statuses[0])
		s.statuses = s.statuses[1:]
		return
	}
	if s.tag != "" {
		w.Header().Set("ETag", s.tag)
	}
	from, status := 0, http.StatusOK
	if a, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok && !s.deaf && (s.careless || r.Header.Get("If-Range") == s.tag) {
		from, _ = strconv.Atoi(strings.TrimSuffix(a, "-"))
		if from >= len(s.file)+s.claims {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", len(s.file)+s.claims))
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		status = http.StatusPartialContent
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(s.file)+s.claims-1, len(s.file)+s.claims))
	}
	rest := s.file[min(from, len(s.file)):]
	w.Header().Set("Content-Length", strconv.Itoa(len(rest)+s.claims))
	rest = rest[:min(len(rest), len(rest)+s.claims)]
	w.WriteHeader(status)
	if s.stalls > 0 {
		s.stalls--
		_, _ = w.Write(rest[:len(rest)/2])
		w.(http.Flusher).Flush()
		s.mu.Unlock()
		select {
		case <-s.ended:
		case <-r.Context().Done():
		}
		s.mu.Lock()
		return
	}
	if s.cut > 0 && s.cuts != 0 {
		s.cuts--
		rest = rest[:min(s.cut, len(rest))]
	}
	_, _ = w.Write(rest) // the client may be gone
}

func (s *source) offer() Offer {
	return Offer{Name: "tiny", File: "tiny.gguf", URL: s.URL + "/tiny.gguf", Bytes: int64(len(s.file)), SHA256: hashOf(s.file)}
}

// hasty is a downloader that does not wait between tries.
func hasty() *downloader {
	d := newDownloader("")
	d.mirror = ""
	d.wait = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	d.free = func(string) (int64, error) { return 1 << 40, nil }
	return d
}

// codeOf is the code of a told error, "" for none.
func codeOf(t *testing.T, err error) string {
	t.Helper()
	var u *trainer.UserError
	if err == nil {
		return ""
	}
	if !errors.As(err, &u) {
		t.Fatalf("an error without words: %v", err)
	}
	return u.Reason.Code
}

// fetched wants the file whole in the folder, and nothing else.
func fetched(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("another file arrived, of %d bytes", len(got))
	}
	for _, name := range []string{path + partEnding, path + partEnding + ".json"} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left", name)
		}
	}
}

func TestDownloadArrivesOverABadLine(t *testing.T) {
	want := modelBytes(t, 1)
	for _, test := range []struct {
		name string
		with func(*source, *downloader)
		asks int // requests that it may take
	}{
		{"at once", func(*source, *downloader) {}, 1},
		{"cut again and again", func(s *source, _ *downloader) { s.cut = len(want)/4 + 1 }, 4},
		{"cut, and the server knows no ranges", func(s *source, _ *downloader) { s.cut, s.cuts, s.deaf = 1000, 3, true }, 4},
		{"cut, without an ETag", func(s *source, _ *downloader) { s.cut, s.cuts, s.tag = 1000, 2, "" }, 3},
		{"busy at first", func(s *source, _ *downloader) { s.statuses = []int{503, 429, 500} }, 4},
		{"silent in the middle", func(s *source, d *downloader) { s.stalls, d.stall = 2, 200*time.Millisecond }, 4}, // one more where this machine is silent
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSource(t, want)
			d := hasty()
			test.with(s, d)
			folder := t.TempDir()
			path, err := d.fetch(t.Context(), s.offer(), folder, nil)
			if err != nil {
				t.Fatal(err)
			}
			fetched(t, path, want)
			if len(s.asked) > test.asks {
				t.Errorf("it took the requests %q", s.asked)
			}
			if found, err := filesIn([]string{folder}); err != nil || len(found) != 1 {
				t.Errorf("found %q, %v", found, err)
			}
		})
	}
}

func TestDownloadIsPausedAndResumed(t *testing.T) {
	want := modelBytes(t, 1)
	s := newSource(t, want)
	s.cut, s.cuts = len(want)/2, 1
	d, folder := hasty(), t.TempDir()
	ctx, pause := context.WithCancel(t.Context())
	d.wait = func(context.Context, time.Duration) error { pause(); return ctx.Err() }
	if _, err := d.fetch(ctx, s.offer(), folder, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("paused: %v", err)
	}
	if found, err := filesIn([]string{folder}); err != nil || len(found) != 0 {
		t.Errorf("half a model is taken for one: %q, %v", found, err)
	}
	if n := partSize(filepath.Join(folder, "tiny.gguf")); n != int64(len(want)/2) {
		t.Errorf("%d bytes are kept", n)
	}
	var said []Progress
	path, err := hasty().fetch(t.Context(), s.offer(), folder, func(p Progress) { said = append(said, p) })
	if err != nil {
		t.Fatal(err)
	}
	fetched(t, path, want)
	if last := s.asked[len(s.asked)-1]; last != fmt.Sprintf("bytes=%d-", len(want)/2) {
		t.Errorf("resumed with Range %q", last)
	}
	if len(said) < 2 || said[0].Done <= int64(len(want)/2) || said[0].Total != int64(len(want)) || !said[len(said)-1].Checking {
		t.Errorf("said %+v", said)
	}
}

func TestFileThatChangesBetweenTwoPartsIsNotMixed(t *testing.T) {
	one, two := modelBytes(t, 1), modelBytes(t, 2)
	for _, careless := range []bool{false, true} {
		t.Run(fmt.Sprintf("If-Range ignored %v", careless), func(t *testing.T) {
			s := newSource(t, one)
			s.cut, s.cuts, s.careless = len(one)/2, 1, careless
			d, folder := hasty(), t.TempDir()
			d.wait = func(context.Context, time.Duration) error { return context.Canceled }
			o := s.offer()
			o.SHA256 = hashOf(two)
			if _, err := d.fetch(t.Context(), o, folder, nil); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			s.file, s.tag = two, `"two"`
			path, err := hasty().fetch(t.Context(), o, folder, nil)
			if err != nil {
				t.Fatal(err)
			}
			fetched(t, path, two)
		})
	}
}

func TestWrongFileIsRefusedAndNotKept(t *testing.T) {
	want := modelBytes(t, 1)
	for _, test := range []struct {
		name string
		with func(*source, *Offer)
		code string
	}{
		{"another content", func(_ *source, o *Offer) { o.SHA256 = hashOf([]byte("other")) }, CodeWrong},
		{"another length", func(_ *source, o *Offer) { o.Bytes += 100 }, CodeWrong},
		{"longer than announced, of an unknown file", func(s *source, o *Offer) { o.Bytes, o.SHA256, s.claims = 0, "", -100 }, CodeWrong},
		{"shorter than announced, of an unknown file", func(s *source, o *Offer) { o.Bytes, o.SHA256, s.claims = 0, "", 100 }, CodeOffline},
		{"no model", func(s *source, o *Offer) {
			s.file = []byte(strings.Repeat("<html>", 100))
			o.Bytes, o.SHA256 = 0, ""
		}, CodeWrong},
		{"not there", func(s *source, _ *Offer) { s.statuses = []int{404} }, CodeRefused},
		{"forbidden", func(s *source, _ *Offer) { s.statuses = []int{403} }, CodeRefused},
		{"always busy", func(s *source, _ *Offer) { s.statuses = []int{500, 500, 500, 500, 500, 500} }, CodeRefused},
		{"no room", func(s *source, o *Offer) { o.File = "full.gguf" }, CodeSpace},
		{"there is another", func(s *source, o *Offer) { o.File = "there.gguf" }, CodeExists},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSource(t, want)
			o := s.offer()
			test.with(s, &o)
			d, folder := hasty(), t.TempDir()
			if o.File == "full.gguf" {
				d.free = func(string) (int64, error) { return Reserve + int64(len(want)) - 1, nil }
			}
			if err := os.WriteFile(filepath.Join(folder, "there.gguf"), []byte("GGUF"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := d.fetch(t.Context(), o, folder, nil)
			if got := codeOf(t, err); got != test.code {
				t.Errorf("%s: %v", got, err)
			}
			if found, err := filesIn([]string{folder}); err != nil || len(found) != 1 {
				t.Errorf("found %q, %v", found, err)
			}
		})
	}
}

// A file whose length the server does not say leaves the reserve of the disk, too.
func TestNoRoomForAnUnknownLength(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 64 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}))
	defer s.Close()
	const room = 20 << 20 // beside the reserve
	d, folder := hasty(), t.TempDir()
	o := Offer{Name: "endless", File: "endless.gguf", URL: s.URL + "/endless.gguf"}
	target := filepath.Join(folder, o.File)
	d.free = func(string) (int64, error) { return Reserve + room - partSize(target), nil }
	if _, err := d.fetch(t.Context(), o, folder, nil); codeOf(t, err) != CodeSpace {
		t.Errorf("%v", err)
	}
	if n := partSize(target); n == 0 || n > room {
		t.Errorf("%d bytes were written, there was room for %d", n, room)
	}
}

// The time that the disk takes is no silence of the server.
func TestASlowDiskCutsNoConnection(t *testing.T) {
	want := modelBytes(t, 1)
	for _, length := range []bool{true, false} { // without one the disk is looked at between two reads, too
		asked := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			if length {
				w.Header().Set("Content-Length", strconv.Itoa(len(want)))
			}
			for part := range slices.Chunk(want, len(want)/2+1) {
				if _, err := w.Write(part); err != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		}))
		d, folder := hasty(), t.TempDir()
		d.tries = 2
		d.stall = 300 * time.Millisecond
		d.free = func(string) (int64, error) { time.Sleep(2 * d.stall); return 1 << 40, nil }
		path, err := d.fetch(t.Context(), Offer{Name: "tiny", File: "tiny.gguf", URL: s.URL + "/tiny.gguf", SHA256: hashOf(want)}, folder, nil)
		if err != nil || asked > 2 { // once more where this machine stood still
			t.Errorf("the length is told: %v; %d requests, %v", length, asked, err)
		} else {
			fetched(t, path, want)
		}
		s.Close()
	}
}

// Without a connection the error says so, what is there is kept, and the next try goes on.
func TestOffline(t *testing.T) {
	want := modelBytes(t, 1)
	s := newSource(t, want)
	s.cut, s.cuts = 1000, 1
	o, d, folder := s.offer(), hasty(), t.TempDir()
	d.wait = func(context.Context, time.Duration) error { s.CloseClientConnections(); s.Listener.Close(); return nil }
	_, err := d.fetch(t.Context(), o, folder, nil)
	if got := codeOf(t, err); got != CodeOffline {
		t.Fatalf("%s: %v", got, err)
	}
	var u *trainer.UserError
	errors.As(err, &u)
	if u.Reason.Args["haveBytes"] != "1000" || u.Reason.Args["allBytes"] != strconv.Itoa(len(want)) {
		t.Errorf("it says %v", u.Reason.Args)
	}
	again := newSource(t, want)
	d = hasty()
	d.client.Transport = redirected(again.URL)
	path, err := d.fetch(t.Context(), o, folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	fetched(t, path, want)
	if again.asked[0] != "bytes=1000-" {
		t.Errorf("it began with %q", again.asked[0])
	}
}

// redirected sends every request to another server.
type redirected string

func (r redirected) RoundTrip(req *http.Request) (*http.Response, error) {
	clone := req.Clone(req.Context())
	clone.URL.Scheme, clone.URL.Host, _ = strings.Cut(string(r), "://")
	return http.DefaultTransport.RoundTrip(clone)
}

// A mirror stands in for Hugging Face, and a hash that it states is checked.
func TestMirrorAndStatedHash(t *testing.T) {
	want := modelBytes(t, 1)
	s := newSource(t, want)
	stated := hashOf(want)
	mirror := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/anna/tiny/resolve/main/tiny.gguf" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("X-Linked-Etag", `"`+stated+`"`)
		http.Redirect(w, r, s.URL+"/blob", http.StatusFound)
	}))
	defer mirror.Close()
	t.Setenv(mirrorVariable, mirror.URL+"/")
	o, err := Named("https://huggingface.co/anna/tiny/blob/main/tiny.gguf")
	if err != nil {
		t.Fatal(err)
	}
	d := newDownloader("")
	path, err := d.fetch(t.Context(), o, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	fetched(t, path, want)
	stated = hashOf([]byte("other"))
	_, err = d.fetch(t.Context(), o, t.TempDir(), nil)
	if got := codeOf(t, err); got != CodeWrong {
		t.Errorf("%s: %v", got, err)
	}
}

func TestOneDownloadAtATime(t *testing.T) {
	s := newSource(t, modelBytes(t, 1))
	d, folder := hasty(), t.TempDir()
	s.cut, s.cuts = 1000, 1
	d.wait = func(context.Context, time.Duration) error {
		_, err := hasty().fetch(t.Context(), s.offer(), folder, nil)
		if got := codeOf(t, err); got != CodeBusy {
			t.Errorf("a second one: %s, %v", got, err)
		}
		return nil
	}
	if _, err := d.fetch(t.Context(), s.offer(), folder, nil); err != nil {
		t.Error(err)
	}
}

func TestEncryptedConnectionStaysEncrypted(t *testing.T) {
	s := newSource(t, modelBytes(t, 1))
	secure := httptest.NewTLSServer(http.RedirectHandler(s.URL+"/tiny.gguf", http.StatusFound))
	defer secure.Close()
	o := s.offer()
	o.URL = secure.URL + "/tiny.gguf"
	d := hasty()
	d.client = secure.Client()
	d.client.CheckRedirect = staySecure
	if _, err := d.fetch(t.Context(), o, t.TempDir(), nil); err == nil || len(s.asked) != 0 {
		t.Errorf("%v after %q", err, s.asked)
	}
}
