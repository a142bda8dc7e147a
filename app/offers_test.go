package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"clara/catalogue"
	"clara/configs"
	"clara/trainer"
)

// sampleOffers are the models of the pictures, as they fit into 8.2 GB.
func sampleOffers() []catalogue.Offer {
	const free = 8_200_000_000
	return []catalogue.Offer{
		{
			Name: "SmolLM2-135M-Instruct", File: "SmolLM2-135M-Instruct.Q4_1.gguf", Path: "/home/anna/.local/share/clara/models/SmolLM2-135M-Instruct.Q4_1.gguf", URL: "https://x",
			Bytes: 98_362_432, SHA256: "b1", Licence: "Apache-2.0", Languages: []string{"en"}, Parameters: 134_515_008, Needs: 450_000_000, Free: free, Fit: catalogue.FitsWell,
		},
		{Name: "notizen-1b-q8_0", File: "notizen-1b-q8_0.gguf", Path: "/home/anna/notizen-1b-q8_0.gguf", Bytes: 1_300_000_000, Parameters: 1_235_814_400, Needs: 1_700_000_000, Free: free, Fit: catalogue.FitsWell},
		{Name: "halb", File: "halb.gguf", Path: "/home/anna/halb.gguf", Bytes: 812_000_000, Free: free, Fault: "read tensor blk.7.ffn_up.weight: the file is cut short"},
		{
			Name: "Llama-3.2-1B-Instruct", File: "Llama-3.2-1B-Instruct-Q4_K_M.gguf", URL: "https://x", Bytes: 807_694_464, SHA256: "6f", Licence: "Llama 3.2 Community License",
			Languages: []string{"en", "de", "fr", "it", "pt", "hi", "es", "th"}, Parameters: 1_235_814_400, Needs: 1_300_000_000, Free: free, Fit: catalogue.FitsWell,
		},
		{
			Name: "Gemma-3-4B-Instruct", File: "gemma-3-4b-it-Q4_K_M.gguf", URL: "https://x", Bytes: 2_489_757_856, Licence: "Gemma Terms of Use", Languages: []string{"en", "de"},
			Parameters: 3_880_099_328, Fetched: 1_170_000_000, Needs: 6_100_000_000, Free: free, Fit: catalogue.FitsTight,
		},
		{
			Name: "Llama-3.1-8B-Instruct", File: "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf", URL: "https://x", Bytes: 4_920_739_232, SHA256: "7b", Licence: "Llama 3.1 Community License",
			Languages: []string{"en", "de"}, Parameters: 8_030_261_248, Needs: 11_000_000_000, Free: free, Fit: catalogue.FitsNot,
		},
	}
}

func sampleScoreCard() *trainer.ScoreCard {
	return &trainer.ScoreCard{
		Old:     trainer.Score{Model: "SmolLM2", Version: 12, Known: 21, Lessons: 25, Variants: 60, VariantsOf: 75, Swapped: 2, SwappedOf: 50, Kept: 18, KeptOf: 20, Manner: 9, MannerOf: 12},
		Base:    trainer.Score{Known: 1, Lessons: 25, VariantsOf: 75, SwappedOf: 50, Kept: 30, KeptOf: 30, MannerOf: 12},
		Instant: trainer.Score{Known: 23, Lessons: 25, Variants: 68, VariantsOf: 75, Swapped: 1, SwappedOf: 50, Kept: 30, KeptOf: 30, MannerOf: 12},
		After:   trainer.Score{Known: 24, Lessons: 25, Variants: 70, VariantsOf: 75, Swapped: 1, SwappedOf: 50, Kept: 29, KeptOf: 30, Manner: 11, MannerOf: 12},
		Lessons: []trainer.MovedLesson{{Lesson: 1, Question: "Wann hat das Bürgerbüro geöffnet?", Before: true}}, Reader: true,
	}
}

// What languages a model was made for is said in words, and whoever reads the window in another one is told so.
func TestAModelsLanguagesAreSaid(t *testing.T) {
	const foreign = "nicht gemacht: Fragen Sie in einer seiner Sprachen"
	w := openSample(t, spoken(german))
	w.show(placeModel)
	w.settle(t)
	for _, words := range []string{"Englisch", "Sprachen: Englisch, Deutsch, Französisch, Italienisch, Portugiesisch, Hindi, Spanisch, Thailändisch", "Für Deutsch ist dieses Modell " + foreign} {
		if !reads(w, words) {
			t.Errorf("%q is not to be read", words)
		}
	}
	for name, languages := range map[string][]string{"it speaks German": {"en", "de"}, "nobody knows": nil} {
		w.offers[0].Languages = languages
		w.machine.fill()
		if reads(w, foreign) {
			t.Errorf("where %s it is said not to be made for it", name)
		}
	}
}

// Whoever opens a base model is told what it is.
func TestABaseModelIsCalledOne(t *testing.T) {
	w := openSample(t, spoken(german))
	w.show(placeModel)
	w.settle(t)
	for _, plain := range []bool{true, false} {
		w.model.info.Plain = plain
		w.machine.fill()
		if reads(w, "Es setzt Ihre Fragen als Text fort") != plain {
			t.Errorf("with Plain %v it is said %v", plain, !plain)
		}
	}
}

// shop is a source of models for a test: what a fetch does next.
type shop struct {
	offers    []catalogue.Offer
	fetches   chan func(ctx context.Context, report func(catalogue.Progress)) (string, error)
	discarded []string
}

func (s *shop) models() Models {
	return Models{
		List: func() ([]catalogue.Offer, error) { return s.offers, nil },
		Fetch: func(ctx context.Context, _ catalogue.Offer, report func(catalogue.Progress)) (string, error) {
			return (<-s.fetches)(ctx, report)
		},
		Discard: func(o catalogue.Offer) error { s.discarded = append(s.discarded, o.File); return nil },
	}
}

func newShop() *shop {
	return &shop{offers: sampleOffers(), fetches: make(chan func(context.Context, func(catalogue.Progress)) (string, error), 3)}
}

// slowly reports half and then waits to be stopped.
func slowly(ctx context.Context, report func(catalogue.Progress)) (string, error) {
	report(catalogue.Progress{Done: 400_000_000, Total: 807_694_464, Rate: 8_400_000})
	<-ctx.Done()
	return "", ctx.Err()
}

func TestModelIsFetchedPausedAndResumed(t *testing.T) {
	s := newShop()
	w := newTestWindow(t, Params{Models: s.models()}, wide)
	w.show(placeModel)
	w.waitFor(t, func() bool { return len(w.offers) > 0 })
	s.fetches <- slowly
	w.fetch(s.offers[3])
	w.waitFor(t, func() bool { return w.fetching.at.Done == 400_000_000 })
	if got, want := w.fetching.words.Text, "400 of 807 MB · 8.4 MB/s · 49 s left"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	w.fetching.cancel()
	w.waitFor(t, func() bool { return w.fetching.paused })
	s.fetches <- func(context.Context, func(catalogue.Progress)) (string, error) { return "/models/new.gguf", nil }
	w.fetch(w.fetching.offer)
	w.waitFor(t, func() bool { return w.fetching == nil })
	if len(s.discarded) > 0 {
		t.Errorf("%v was thrown away", s.discarded)
	}
}

func TestFetchWaitsForTheNetwork(t *testing.T) {
	s := newShop()
	w := newTestWindow(t, Params{Models: s.models()}, wide)
	w.show(placeModel)
	offline := func(context.Context, func(catalogue.Progress)) (string, error) {
		return "", &trainer.UserError{Reason: trainer.Reason{Code: catalogue.CodeOffline, Args: map[string]string{"host": "huggingface.co", "haveBytes": "1", "allBytes": "2"}}}
	}
	s.fetches <- offline
	w.fetch(s.offers[3])
	w.waitFor(t, func() bool { return w.fetching.err != nil })
	if w.fetching.still() {
		t.Error("it does not go on by itself")
	}
	w.fetching.cancel()
	w.waitFor(t, func() bool { return w.fetching.paused })
	if w.fetching.err != nil || !w.fetching.still() {
		t.Errorf("paused, it still says %v", w.fetching.err)
	}
	s.fetches <- offline
	w.fetch(s.offers[3])
	w.waitFor(t, func() bool { return w.fetching.err != nil })
	s.fetches <- func(context.Context, func(catalogue.Progress)) (string, error) { return "/models/new.gguf", nil }
	wakeFetch(w.fetching)
	w.waitFor(t, func() bool { return w.fetching == nil })
}

func TestCancelledFetchIsThrownAway(t *testing.T) {
	s := newShop()
	w := newTestWindow(t, Params{Models: s.models()}, wide)
	w.show(placeModel)
	s.fetches <- slowly
	w.fetch(s.offers[3])
	w.waitFor(t, func() bool { return w.fetching.at.Done > 0 })
	w.cancelFetch()
	if w.fetching != nil {
		t.Error("it is still shown")
	}
	w.waitFor(t, func() bool { return len(s.discarded) == 1 })
}

func TestFailedFetchSaysWhyAndCanBeTriedAgain(t *testing.T) {
	s := newShop()
	w := newTestWindow(t, Params{Models: s.models()}, wide)
	w.show(placeModel)
	s.fetches <- func(context.Context, func(catalogue.Progress)) (string, error) {
		return "", &trainer.UserError{Reason: trainer.Reason{Code: catalogue.CodeSpace, Args: map[string]string{"missingBytes": "1200000000", "folder": "/models"}}}
	}
	w.fetch(s.offers[3])
	w.waitFor(t, func() bool { return w.fetching.err != nil })
	if got, want := fault(w.fetching.err), "1.2 GB more have to be free in /models"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	s.fetches <- func(context.Context, func(catalogue.Progress)) (string, error) { return "/models/new.gguf", nil }
	w.fetch(w.fetching.offer)
	w.waitFor(t, func() bool { return w.fetching == nil })
}

func TestFileThatDoesNotFitIsAskedAbout(t *testing.T) {
	var loads atomic.Int32
	file := configs.NewFile(filepath.Join(t.TempDir(), "continuous.toml"))
	if err := file.Create(); err != nil {
		t.Fatal(err)
	}
	look := catalogue.Offer{Name: "big", Needs: 11e9, Free: 8e9, Fit: catalogue.FitsNot}
	w := newTestWindow(t, Params{
		File: file, Models: Models{Look: func(string) (catalogue.Offer, error) { return look, nil }},
		Load: func(context.Context, func(Model)) error { loads.Add(1); return nil },
	}, wide)
	w.show(placeModel)
	drop := func(name string) {
		w.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI("/tmp/letter.txt"), storage.NewFileURI("/models/" + name)})
		w.waitFor(t, func() bool { return w.looked == "" })
		w.settle(t)
	}
	drop("big.gguf")
	if loads.Load() != 0 || len(w.shell.banner.Objects) == 0 {
		t.Fatalf("%d loads without a question", loads.Load())
	}
	look = catalogue.Offer{Name: "broken", Fault: "open /models/broken.gguf: it is cut short", Why: trainer.Reason{Code: trainer.CodeFaultModelFile}}
	drop("broken.gguf")
	if loads.Load() != 0 {
		t.Error("what cannot be loaded was tried")
	}
	if want := "broken.gguf: " + say("fault.model_file"); !reads(w, want) {
		t.Errorf("the window does not say %q", want)
	}
	look = catalogue.Offer{Name: "small", Fit: catalogue.FitsWell}
	drop("small.GGUF")
	w.waitFor(t, func() bool { return loads.Load() == 1 && !w.model.busy })
	if w.Settings.Model.Path != "/models/small.GGUF" {
		t.Errorf("the settings name %q", w.Settings.Model.Path)
	}
}

// A folder of Hugging Face that is dropped becomes a model file, which answers from then on;
// one that cannot be converted says why, one that is cancelled leaves the page as it was.
func TestDroppedFolderBecomesAModel(t *testing.T) {
	file := configs.NewFile(filepath.Join(t.TempDir(), "continuous.toml"))
	if err := file.Create(); err != nil {
		t.Fatal(err)
	}
	adds := make(chan func(ctx context.Context, report func(catalogue.Progress)) (string, error), 1)
	folder := t.TempDir()
	var loads atomic.Int32
	w := newTestWindow(t, Params{
		File: file, Settings: spoken(english), Models: Models{
			Look: func(string) (catalogue.Offer, error) {
				return catalogue.Offer{Name: "small", Fit: catalogue.FitsWell}, nil
			},
			Add: func(ctx context.Context, path string, report func(catalogue.Progress)) (string, error) {
				if path != folder {
					t.Errorf("%s is added", path)
				}
				return (<-adds)(ctx, report)
			},
		},
		Load: func(context.Context, func(Model)) error { loads.Add(1); return nil },
	}, wide)
	drop := func(path string) {
		w.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI("/tmp/letter.txt"), storage.NewFileURI(path)})
	}
	adds <- slowly
	drop(folder)
	if w.place != placeModel {
		t.Error("the page of the model is not shown")
	}
	w.waitFor(t, func() bool { return w.adding.at.Done > 0 })
	if got, want := w.adding.words.Text, "400 of 807 MB · 8.4 MB/s · 49 s left"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	drop(folder) // a second one is not begun meanwhile
	w.adding.cancel()
	w.waitFor(t, func() bool { return w.adding == nil })

	adds <- func(context.Context, func(catalogue.Progress)) (string, error) {
		return "", &trainer.UserError{Reason: trainer.Reason{Code: catalogue.CodeMissing, Args: map[string]string{"path": folder, "file": "config.json"}}}
	}
	drop(folder)
	w.waitFor(t, func() bool { return w.adding.err != nil })
	if got, want := fault(w.adding.err), "config.json is missing in "+folder+". Fetch the whole folder of the model."; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	adds <- func(context.Context, func(catalogue.Progress)) (string, error) { return "/models/new.gguf", nil }
	tap(t, w, "Try again")
	w.waitFor(t, func() bool { return loads.Load() == 1 && !w.model.busy })
	if w.adding != nil || w.Settings.Model.Path != "/models/new.gguf" {
		t.Errorf("the settings name %q", w.Settings.Model.Path)
	}

	// What is there already can be used at once; any of the folder's weights stand for it.
	adds <- func(context.Context, func(catalogue.Progress)) (string, error) {
		return "", &trainer.UserError{Reason: trainer.Reason{Code: catalogue.CodeExists, Args: map[string]string{"file": "/models/old.gguf"}}}
	}
	drop(filepath.Join(folder, "model.safetensors"))
	w.waitFor(t, func() bool { return w.adding.err != nil })
	tap(t, w, "Use")
	w.waitFor(t, func() bool { return loads.Load() == 2 && !w.model.busy })
	if w.adding != nil || w.Settings.Model.Path != "/models/old.gguf" {
		t.Errorf("the settings name %q", w.Settings.Model.Path)
	}
}

func TestFolderIsAskedForInTheLanguageOfTheWindow(t *testing.T) {
	w := newTestWindow(t, Params{Settings: spoken(german), Models: Models{
		Add: func(context.Context, string, func(catalogue.Progress)) (string, error) { return "", nil },
	}}, wide)
	w.show(placeModel)
	tap(t, w, "Ordner öffnen …")
	top := w.frame.Canvas().Overlays().Top()
	if top == nil {
		t.Fatal("nothing is asked")
	}
	markup := test.RenderObjectToMarkup(top)
	for _, want := range []string{"Ordner öffnen<", "Öffnen<"} {
		if !strings.Contains(markup, want) {
			t.Errorf("%q does not stand there", want)
		}
	}
}

func TestMoveShowsHowBothModelsDo(t *testing.T) {
	s := newShop()
	models := s.models()
	models.Move = func(_ context.Context, path string, report func(trainer.Progress)) (trainer.ScoreCard, error) {
		if path != s.offers[1].Path {
			t.Errorf("it moves to %s", path)
		}
		report(trainer.Progress{Step: trainer.StepAsk, Done: 1, Of: 2})
		return *sampleScoreCard(), nil
	}
	w := newTestWindow(t, Params{Models: models}, wide)
	w.show(placeModel)
	w.askToMove(s.offers[1])
	if w.moving != nil {
		t.Error("nobody was asked")
	}
	w.move(s.offers[1])
	w.waitFor(t, func() bool { return w.moving.card != nil })
	w.endMove()
	if w.moving != nil {
		t.Error("it is still shown")
	}
}

// A model file that comes while lessons move, or before their score card is answered, is named and taken after that; whoever lets
// the model of the move answer has chosen.
func TestAFileThatComesDuringAMoveIsTakenAfterIt(t *testing.T) {
	const other = "/models/other.gguf"
	s := newShop()
	to := s.offers[1]
	for _, c := range []struct {
		how    string
		err    error // of the move
		answer func(w *window)
		want   string
	}{
		{"staying", nil, func(w *window) { tap(t, w, say("move.stay", "Model", w.model.short())) }, other},
		{"using it", nil, func(w *window) { tap(t, w, say("move.use", "Model", offerName(to))) }, to.Path},
		{"a failure", errors.New("tensor missing"), func(w *window) { tap(t, w, say("close")) }, other},
		{"stopping", context.Canceled, func(*window) {}, other},
	} {
		ended := make(chan struct{})
		models := s.models()
		models.Look = func(string) (catalogue.Offer, error) {
			return catalogue.Offer{Name: "other", Fit: catalogue.FitsWell}, nil
		}
		models.Move = func(context.Context, string, func(trainer.Progress)) (trainer.ScoreCard, error) {
			<-ended
			return *sampleScoreCard(), c.err
		}
		w := newTestWindow(t, Params{Settings: spoken(english), Models: models}, wide)
		if _, err := w.File.Modify(func(s *configs.Settings) { *s = w.Settings }); err != nil {
			t.Fatal(err)
		}
		w.move(to)
		w.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(other)})
		w.settle(t)
		if w.place != placeModel || !reads(w, "other.gguf") {
			t.Errorf("%s: what was dropped is ignored without a word", c.how)
		}
		if errors.Is(c.err, context.Canceled) {
			w.moving.cancel()
		}
		close(ended)
		w.waitFor(t, func() bool { return !w.moving.running() })
		c.answer(w)
		taken := func() bool { return !w.model.busy && w.looked == "" && w.handed == "" } // it is looked at before it is loaded
		w.waitFor(t, taken)
		w.loadModel() // as anything later may
		w.waitFor(t, taken)
		if got := w.Settings.Model.Path; got != c.want || w.handed != "" {
			t.Errorf("after %s the settings name %q, and %q still waits", c.how, got, w.handed)
		}
	}
}

// A file that is dropped while a model is being loaded is taken after that.
func TestAFileThatIsDroppedDuringALoadIsTakenAfterIt(t *testing.T) {
	further := make(chan struct{})
	w := newTestWindow(t, Params{Settings: spoken(english), Load: func(context.Context, func(Model)) error { <-further; return nil }}, wide)
	if _, err := w.File.Modify(func(s *configs.Settings) { *s = w.Settings }); err != nil {
		t.Fatal(err)
	}
	w.loadModel()
	w.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI("/models/other.gguf")})
	if w.place != placeModel {
		t.Error("what it waits for is not shown")
	}
	close(further)
	w.waitFor(t, func() bool { return !w.model.busy && w.Settings.Model.Path == "/models/other.gguf" })
}

func TestOnlyWhatWasFetchedCanBeDeletedAndOnlyWhenAsked(t *testing.T) {
	var removed []string
	s := newShop()
	models := s.models()
	models.Remove = func(_ context.Context, o catalogue.Offer) error { removed = append(removed, o.Name); return nil }
	w := newTestWindow(t, Params{Models: models, Home: "/data", Settings: spoken(english)}, wide)
	s.offers[1].Path = "/data/models/notizen-1b-q8_0.gguf"
	w.show(placeModel)
	w.waitFor(t, func() bool { return len(w.offers) > 0 })
	if w.canRemove(s.offers[0]) {
		t.Error("a file elsewhere can be deleted")
	}
	tap(t, w, "Delete the file")
	if len(removed) > 0 {
		t.Error("nobody was asked")
	}
	if !reads(w, "cannot be fetched here again") {
		t.Error("a file of one's own is said to be fetched again")
	}
	w.askToRemove(s.offers[0])
	if !reads(w, "the model can be fetched again") {
		t.Error("it is not said that a model of the catalogue can be fetched again")
	}
	w.askToRemove(s.offers[1])
	tap(t, w, "Delete")
	w.waitFor(t, func() bool { return len(w.removing) == 0 })
	if len(removed) != 1 || removed[0] != "notizen-1b-q8_0" {
		t.Errorf("deleted: %v", removed)
	}
}

// A model file may be slow to read: meanwhile what a person gives is kept, and the file that they chose last is the one that is meant.
func TestNothingWaitsForAModelFile(t *testing.T) {
	const slow, quick = "/models/slow.gguf", "/models/quick.gguf"
	further := make(chan struct{})
	w := newTestWindow(t, Params{Home: "/data", Models: Models{
		Look: func(path string) (catalogue.Offer, error) {
			if path == slow {
				<-further
			}
			return catalogue.Offer{Name: "x", Fit: catalogue.FitsWell}, nil
		},
		Remove: func(context.Context, catalogue.Offer) error { <-further; return nil },
	}}, wide)
	if _, err := w.File.Modify(func(s *configs.Settings) { *s = w.Settings }); err != nil {
		t.Fatal(err)
	}
	kept := 0
	give := func() {
		queued(w.work, func(context.Context) (none, error) { return none{}, nil }, func(none, error) { kept++ })
	}
	gone := catalogue.Offer{Name: "gone", Path: "/data/models/gone.gguf"}
	w.askToRemove(gone)
	tap(t, w, say("offer.remove_yes"))
	if buttons := w.machine.offerButtons(gone); len(buttons) != 1 || !buttons[0].(fyne.Disableable).Disabled() {
		t.Error("a file that is being deleted can be used")
	}
	w.openModel(slow)
	give()
	w.waitFor(t, func() bool { return kept == 1 })
	w.openModel(quick)
	w.waitFor(t, func() bool { return !w.model.busy && w.Settings.Model.Path == quick })
	close(further)
	w.waitFor(t, func() bool { return len(w.removing) == 0 })
	w.work.stop()
	w.settle(t)
	if w.Settings.Model.Path != quick {
		t.Errorf("the settings name %q, which was chosen before", w.Settings.Model.Path)
	}
}

// A file that is chosen while a model is loaded waits for that: it is weighed against the memory that is free then.
func TestAFileThatIsChosenDuringALoadIsTakenAfterIt(t *testing.T) {
	further, looks := make(chan struct{}), 0
	w := newTestWindow(t, Params{
		Load: func(context.Context, func(Model)) error { <-further; return nil },
		Models: Models{Look: func(string) (catalogue.Offer, error) {
			looks++
			return catalogue.Offer{Name: "other", Fit: catalogue.FitsWell}, nil
		}},
	}, wide)
	if _, err := w.File.Modify(func(s *configs.Settings) { *s = w.Settings }); err != nil {
		t.Fatal(err)
	}
	w.loadModel()
	w.openModel("/models/other.gguf")
	w.settle(t)
	if looks != 0 || w.handed != "/models/other.gguf" || !reads(w, "other.gguf") {
		t.Errorf("looked at %d times, and %q waits", looks, w.handed)
	}
	close(further)
	w.waitFor(t, func() bool { return !w.model.busy && w.Settings.Model.Path == "/models/other.gguf" })
	if w.place != placeChat { // as for a folder that has become a model file meanwhile
		t.Error("it takes the person out of the conversation")
	}
}

// Whatever else is chosen while a file is being looked at is what is meant.
func TestAChoiceEndsTheLookAtTheFileBefore(t *testing.T) {
	const slow, quick = "/models/slow.gguf", "/models/quick.gguf"
	drop := func(w *window) { w.dropped(fyne.Position{}, []fyne.URI{storage.NewFileURI(quick)}) }
	for how, choose := range map[string]func(w *window){
		"used from the list":    func(w *window) { w.useModel(quick) },
		"dropped":               drop,
		"dropped during a load": func(w *window) { w.loadModel(); drop(w) },
	} {
		further, looked, release := make(chan struct{}), make(chan struct{}), make(chan struct{})
		var w *window
		w = newTestWindow(t, Params{
			Load: func(context.Context, func(Model)) error {
				<-release
				if s, err := w.File.Load(); err != nil || s.Model.Path == slow {
					t.Errorf("%s: it loads %q, %v", how, s.Model.Path, err)
				}
				return nil
			},
			Models: Models{Look: func(path string) (catalogue.Offer, error) {
				if path == slow {
					defer close(looked)
					<-further
				}
				return catalogue.Offer{Name: "x", Fit: catalogue.FitsWell}, nil
			}},
		}, wide)
		if err := w.File.Create(); err != nil {
			t.Fatal(err)
		}
		w.openModel(slow)
		choose(w)
		w.settle(t)
		close(further)
		<-looked
		time.Sleep(10 * time.Millisecond) // until the window has heard of it
		w.settle(t)
		close(release)
		w.waitFor(t, func() bool { return !w.model.busy && w.handed == "" && w.Settings.Model.Path != "" })
		if w.Settings.Model.Path != quick {
			t.Errorf("%s: the settings name %q", how, w.Settings.Model.Path)
		}
	}
}

// A file that is being deleted is not opened, and what is chosen meanwhile is not deleted.
func TestDeletingAndOpeningKeepOutOfEachOthersWay(t *testing.T) {
	gone := catalogue.Offer{Name: "gone", Path: "/data/models/gone.gguf"}
	further := make(chan struct{})
	removed := 0
	w := newTestWindow(t, Params{Home: "/data", Models: Models{
		Look: func(string) (catalogue.Offer, error) {
			return catalogue.Offer{Name: "gone", Fit: catalogue.FitsWell}, nil
		},
		Remove: func(context.Context, catalogue.Offer) error { <-further; removed++; return nil },
	}}, wide)
	if err := w.File.Create(); err != nil {
		t.Fatal(err)
	}
	w.askToRemove(gone)
	tap(t, w, say("offer.remove_yes"))
	w.openModel(gone.Path)
	w.waitFor(t, func() bool { return w.looked == "" })
	w.settle(t)
	if w.Settings.Model.Path == gone.Path || !reads(w, say("offer.removing", "File", "gone.gguf")) {
		t.Errorf("the settings name %q, which is being deleted", w.Settings.Model.Path)
	}
	close(further)
	w.waitFor(t, func() bool { return len(w.removing) == 0 })
	w.askToRemove(gone) // and the question stays open
	w.useModel(gone.Path)
	w.settle(t)
	tap(t, w, say("offer.remove_yes"))
	w.waitFor(t, func() bool { return len(w.removing) == 0 })
	if removed != 1 || !reads(w, say("offer.remove_chosen", "Model", "gone")) {
		t.Errorf("deleted %d times, the second time what is to answer", removed)
	}
}

// A move would end with the load that is under way.
func TestNoMoveBeginsWhileAModelIsLoaded(t *testing.T) {
	further, moves := make(chan struct{}), 0
	s := newShop()
	models := s.models()
	models.Move = func(context.Context, string, func(trainer.Progress)) (trainer.ScoreCard, error) {
		moves++
		return *sampleScoreCard(), nil
	}
	w := newTestWindow(t, Params{Models: models, Load: func(context.Context, func(Model)) error { <-further; return nil }}, wide)
	w.askToMove(s.offers[1])
	w.loadModel()
	tap(t, w, say("move.yes"))
	if w.moving != nil || !reads(w, say("move.loads")) {
		t.Error("it begins, or nothing is said")
	}
	close(further)
	w.waitFor(t, func() bool { return !w.model.busy })
	if moves > 0 {
		t.Error("it was moved")
	}
}

// That a move ended by something else than the person is told.
func TestAMoveThatWasEndedByAnotherModelIsToldOf(t *testing.T) {
	s := newShop()
	models := s.models()
	models.Move = func(context.Context, string, func(trainer.Progress)) (trainer.ScoreCard, error) {
		return trainer.ScoreCard{}, fmt.Errorf("the model was taken away (%w)", context.Canceled)
	}
	w := newTestWindow(t, Params{Models: models}, wide)
	w.show(placeModel)
	w.move(s.offers[1])
	w.waitFor(t, func() bool { return !w.moving.running() })
	if !reads(w, say("move.failed")) {
		t.Error("nothing is said")
	}
}

// What the settings say of the model waits for a move, and the page and whoever changed them say so.
func TestSettingsOfTheModelWaitForAMove(t *testing.T) {
	ended := make(chan struct{})
	s := newShop()
	models := s.models()
	models.Move = func(context.Context, string, func(trainer.Progress)) (trainer.ScoreCard, error) {
		<-ended
		return *sampleScoreCard(), nil
	}
	w := newTestWindow(t, Params{Models: models}, wide)
	w.show(placeModel)
	w.move(s.offers[1])
	changed := w.Settings
	changed.Model.Engine = "cpu"
	w.fileChanged(changed, nil)
	w.settle(t)
	if !reads(w, say("settings.read_anew_moves")) || !reads(w, say("move.then", "Model", w.model.short())) {
		t.Error("it is not said that the model waits for the move")
	}
	close(ended)
	w.waitFor(t, func() bool { return !w.moving.running() && !w.model.busy })
}

// What the settings say of the model while lessons move is opened after that: the move would end with the model that answers.
func TestAModelThatTheSettingsNameDuringAMoveIsOpenedAfterIt(t *testing.T) {
	ended := make(chan struct{})
	var loads atomic.Int32
	w := newTestWindow(t, Params{
		Settings: spoken(english),
		Load:     func(context.Context, func(Model)) error { loads.Add(1); return nil },
		Models: Models{Move: func(context.Context, string, func(trainer.Progress)) (trainer.ScoreCard, error) {
			<-ended
			return trainer.ScoreCard{}, context.Canceled
		}},
	}, wide)
	w.move(sampleOffers()[1])
	changed := w.Settings
	changed.Model.Path = "/models/other.gguf"
	w.fileChanged(changed, nil)
	w.settle(t)
	if loads.Load() != 0 {
		t.Error("it is opened while lessons move")
	}
	close(ended)
	w.waitFor(t, func() bool { return !w.moving.running() && !w.model.busy && loads.Load() > 0 })
	if n := loads.Load(); n != 1 {
		t.Errorf("it is opened %d times", n)
	}
}

// A folder that cannot be read hides models, which is said beside those that were found.
func TestPlacesOfModelsThatCannotBeReadAreNamed(t *testing.T) {
	s := newShop()
	models := s.models()
	models.Unread = func() []error {
		return []error{&fs.PathError{Op: "open", Path: "/volumes/models", Err: fs.ErrPermission}}
	}
	w := newTestWindow(t, Params{Models: models}, wide)
	w.show(placeModel)
	w.waitFor(t, func() bool { return len(w.offers) > 0 })
	if !reads(w, "/volumes/models") {
		t.Error("nobody is told")
	}
}
