package trainer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"clara/model"
	"clara/store"
	"clara/trainer/routing"
)

// modelSlot holds the model in use and counts who uses it.
type modelSlot struct {
	mu      sync.Mutex
	current *attached
}

// attached is one model while it is attached. ctx ends when it is taken away.
type attached struct {
	runner *model.Runner
	info   model.Info
	memory *memory
	// examined is that of examinations: a cycle is to take the time that it takes where
	// there was none before it.
	examined *memory
	reader   atomic.Pointer[reader] // never nil
	ctx      context.Context
	cancel   context.CancelFunc
	users    sync.WaitGroup

	asked    atomic.Bool // the user wants a reader made
	declined atomic.Bool // the user wants none made by itself

	prepareAt time.Time // not before it a reader is made by itself, after a failure; the loop's own

	loading sync.Mutex
	base    *BaseFacts                // nil: not measured or read yet
	loaded  map[string]*model.Adapter // of the version in use, by path
}

// use returns the model and counts a user; nil if there is none. Each use needs
// its users.Done.
func (s *modelSlot) use() *attached {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.current.users.Add(1)
	}
	return s.current
}

// Attach gives the trainer its model, or another one; nil takes it away. It waits
// until no answer and no cycle uses the one before, which it cancels, so the
// caller may close that one afterwards. After an error the one before is still
// attached. Damaged files of the version in use are no error: the untrained base
// answers, and State.Trouble says so.
func (t *Trainer) Attach(ctx context.Context, r *model.Runner) error {
	var next *attached
	if r != nil {
		var err error
		if next, err = t.attachedTo(r); err != nil {
			return err
		}
	}
	before, err := t.exchange(ctx, next)
	if err != nil {
		next.cancel()
		return err
	}
	if before != nil {
		before.cancel()
		before.users.Wait()
	}
	wake(t.changed)
	return nil
}

// attachedTo is a model as it is attached, with the reader that it has.
func (t *Trainer) attachedTo(r *model.Runner) (*attached, error) {
	found, err := readerFor(t.readers, r)
	if errors.Is(err, errReader) { // it can be prepared anew
		t.log.Warn("the prepared reader is of no use", "error", err)
	} else if err != nil {
		return nil, err
	}
	a := &attached{runner: r, info: r.Info(), memory: new(memory), examined: new(memory), loaded: make(map[string]*model.Adapter)}
	a.reader.Store(found)
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a, nil
}

// exchange puts next in the place of the model before, once it can speak.
func (t *Trainer) exchange(ctx context.Context, next *attached) (before *attached, err error) {
	t.refresh.Lock()
	defer t.refresh.Unlock()
	var s *speaker
	if next != nil {
		if s, err = t.speakerOf(ctx, next); err != nil {
			return nil, err
		}
	}
	t.model.mu.Lock() // both at once: see engaged
	before, t.model.current = t.model.current, next
	spoke := t.speaking.Swap(s)
	t.model.mu.Unlock()
	t.showSpeaker(spoke, s)
	return before, nil
}

// wake sends a request that coalesces with one that waits.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// ModelInfo describes the attached model; ok is false while there is none.
func (t *Trainer) ModelInfo() (info ModelInfo, ok bool) {
	a := t.model.use()
	if a == nil {
		return ModelInfo{}, false
	}
	defer a.users.Done()
	i, engine := a.info, a.info.Engine
	if a.runner != nil { // tests of the loop play a model without one
		engine = a.runner.Info().Engine // another may compute by now
	}
	return ModelInfo{
		Name: i.Name, Path: i.Path, Hash: i.Hash, Architecture: i.Architecture, FileType: i.FileType,
		Engine: engine.Name, Device: engine.Device, Parameters: i.Parameters, Context: i.Context, Plain: i.Plain, Reader: a.reader.Load().state,
		ReaderHash: a.reader.Load().key(),
	}, true
}

// EngineLost is why the model computes on another engine than before.
func EngineLost(from, to string, cause error) Reason {
	return reason(CodeEngineLost, fmt.Sprintf("%s failed, %s computes from now on: %v", from, to, cause), "from", from, "to", to, "error", cause)
}

// EngineChanged tells the faces that the model's engine is another one, for the reason
// that [EngineLost] makes. The assembly calls it; answers and training go on by themselves.
func (t *Trainer) EngineChanged(why Reason) {
	t.log.Warn("the engine failed", "from", why.Args["from"], "to", why.Args["to"], "error", why.Args["error"])
	t.hub.update(func(*State) {}, News{Kind: NewsEngine, Reason: why})
}

// speaker is what answers: one version over one model with the lessons of one
// moment. It is never changed, only replaced.
type speaker struct {
	voice
	model   *attached
	version store.Version // that answers; zero: the untrained base
	chosen  int64         // the version in use by the store: another one if its files are damaged
	damage  *Finding      // why the base stands in for the chosen one; nil: it does not
}

// renew builds the speaker anew from the store: after every change of lessons,
// version or model, and before the method that made the change returns. That is
// how a lesson works at once. A version that cannot be loaded is no error, so that the rest
// goes on working: the base answers.
func (t *Trainer) renew(ctx context.Context) error {
	t.refresh.Lock()
	defer t.refresh.Unlock()
	a := t.model.use()
	if a == nil {
		t.speaking.Store(nil)
		return nil
	}
	defer a.users.Done()
	s, err := t.speakerOf(ctx, a)
	if err != nil {
		return err
	}
	t.showSpeaker(t.speaking.Swap(s), s)
	return nil
}

// showSpeaker shows what answers from now on instead of another. It is called under refresh.
func (t *Trainer) showSpeaker(before, s *speaker) {
	if s == nil {
		t.hub.update(func(st *State) { st.Reader = "" })
		return
	}
	var news []News
	if s.damage != nil && (before == nil || before.damage == nil || before.chosen != s.chosen) {
		t.log.Error("the base answers instead of the version in use", "error", s.damage.Reason.Text)
		news = []News{{Kind: NewsTrouble, Version: s.chosen, Reason: s.damage.Reason}}
	}
	t.hub.update(func(st *State) {
		v := s.version
		st.Active = ActiveVersion{ID: v.ID, Number: v.Number, Verdict: v.Verdict, Manner: s.manner != nil, Reader: s.reading != nil}
		st.Reader = s.model.reader.Load().state
		switch {
		case s.damage != nil:
			st.Trouble = s.damage
		case st.Trouble != nil && st.Trouble.Reason.Code == CodeVersionBroken:
			st.Trouble = nil
		}
	}, news...)
}

// speakerOf makes what answers on a. It is called under refresh.
func (t *Trainer) speakerOf(ctx context.Context, a *attached) (*speaker, error) {
	version, err := t.store.ActiveVersion(ctx, a.info.Hash)
	if err != nil {
		return nil, fmt.Errorf("read the version in use: %w", err)
	}
	s := &speaker{model: a, version: version, chosen: version.ID}
	s.runner, s.memory, s.system = a.runner, a.memory, t.settings.Load().System
	manner, knowledge, err := a.load(t.home, version)
	if err != nil {
		s.version = store.Version{}
		s.damage = &Finding{Subject: SubjectModel, Hint: HintRestoreOther, Reason: reason(CodeVersionBroken,
			fmt.Sprintf("the files of version %d are missing, damaged or changed; the base model answers until another version is restored: %v", version.Number, err),
			"number", version.Number, "error", err)}
	}
	s.manner, s.reading = manner, a.reader.Load().adapter
	if knowledge != nil {
		s.reading = knowledge
	}
	if s.lessons, s.router, err = t.routed(ctx, a.info.Hash, s.version); err != nil {
		return nil, err
	}
	return s, nil
}

// load returns the adapters of a version, nil for one that it does not have, and
// keeps them until another version is loaded. With an error, as where one is not what was
// kept with the version (errChanged), both are nil.
func (a *attached) load(home string, v store.Version) (manner, knowledge *model.Adapter, err error) {
	a.loading.Lock()
	defer a.loading.Unlock()
	return a.read(home, v, a.loaded)
}

// loadAnew is load, but reads the files again. What cannot be read now leaves what was loaded as it
// is; what is damaged is no longer used.
func (a *attached) loadAnew(home string, v store.Version) error {
	a.loading.Lock()
	defer a.loading.Unlock()
	_, _, err := a.read(home, v, nil)
	if isDamage(err) {
		a.loaded = nil
	}
	return err
}

// read is load, reading what is not among the known. It is called under loading.
func (a *attached) read(home string, v store.Version, known map[string]*model.Adapter) (manner, knowledge *model.Adapter, err error) {
	loaded := make(map[string]*model.Adapter)
	for _, part := range []struct{ name, path, hash string }{{mannerFolder, v.Manner, v.MannerHash}, {knowledgeFolder, v.Knowledge, v.KnowledgeHash}} {
		if part.path == "" {
			continue
		}
		adapter := known[part.path]
		if adapter == nil || part.hash != "" && adapter.Hash() != part.hash {
			if adapter, err = loadAdapter(a.runner, filepath.Join(home, filepath.FromSlash(part.path)), part.hash); err != nil {
				return nil, nil, fmt.Errorf("load version %d: its %s: %w", v.Number, part.name, err)
			}
		}
		loaded[part.path] = adapter
	}
	a.loaded = loaded
	return loaded[v.Manner], loaded[v.Knowledge], nil
}

// routed reads the lessons as a base model has them, and indexes them. They are put into the
// manner of the version that answers.
func (t *Trainer) routed(ctx context.Context, base string, by Version) ([]JobLesson, *routing.Router, error) {
	all, err := t.store.Lessons(ctx, base)
	if err != nil {
		return nil, nil, fmt.Errorf("read the lessons: %w", err)
	}
	lessons := make([]JobLesson, len(all))
	questions := make([]string, len(all))
	var style Style
	if by.Manner != "" && len(all) > 0 {
		corrections, err := t.correctionsOf(ctx, by)
		if err != nil {
			return nil, nil, err
		}
		style = styleOfCorrections(corrections)
	}
	for i, l := range all {
		lessons[i] = jobLesson(l)
		switch {
		case by.Manner == "": // without the manner there is nothing that a styled turn would fit
			lessons[i].Styled = ""
		case l.Styled == "" && !style.IsZero(): // newer than the last cycle, or phrased in another manner
			if text, ok := style.Apply(l.Question, l.Answer); ok && lessons[i].check().Passes(text) {
				lessons[i].Styled = text
			}
		}
		questions[i] = l.Question
	}
	return lessons, routing.New(questions), nil
}

// correctionsOf are the corrections that the manner of a version was trained on.
func (t *Trainer) correctionsOf(ctx context.Context, v Version) ([]Sample, error) {
	if len(v.Samples) == 0 {
		return nil, nil
	}
	samples, err := t.store.Samples(ctx, SampleQuery{IDs: v.Samples, Forms: []Form{FormCorrection}, Kinds: []Kind{Manner}})
	if err != nil {
		return nil, fmt.Errorf("read the corrections of manner: %w", err)
	}
	return samples, nil
}

func styleOfCorrections(samples []Sample) Style {
	var better, given []string
	for _, s := range samples {
		better = append(better, s.Better)
		if s.Answer != "" {
			given = append(given, s.Answer)
		}
	}
	return styleOf(better, given)
}

func jobLesson(l Lesson) JobLesson {
	return JobLesson{
		ID: l.ID, Sample: l.Sample, Question: l.Question, Answer: l.Answer, Styled: l.Styled, BaseAnswer: l.BaseAnswer,
		Keywords: l.Keywords, State: l.State, Importance: l.Importance,
	}
}

// baseKind and baseKey name BaseFacts in the store. Other anchors ask for other facts.
const baseKind = "facts"

var baseKey = keyOf(string(anchorsJSON), string(germanJSON))

// keptFacts returns what was measured of the attached base before, nil if nothing was.
func (t *Trainer) keptFacts(ctx context.Context, a *attached) (*BaseFacts, error) {
	a.loading.Lock()
	known := a.base
	a.loading.Unlock()
	if known != nil {
		return known, nil
	}
	hash := a.info.Hash
	kept, err := t.bases.Base(ctx, hash, baseKind, []string{baseKey})
	if err != nil {
		return nil, fmt.Errorf("read what was measured of the base: %w", err)
	}
	data, ok := kept[baseKey]
	if !ok {
		return nil, nil
	}
	facts, err := decodeBaseFacts(data, hash)
	if err == nil && slices.ContainsFunc(facts.Anchors, func(held Anchored) bool { return held.endsOtherwise(a.runner) || held.isAskedOtherwise(a.runner) }) {
		err = errFacts
	}
	if err != nil { // of an older program: measured anew
		t.log.Warn("measuring the base anew", "error", err)
		return nil, nil
	}
	a.keep(facts)
	return facts, nil
}

// facts returns what is known of the attached base, measuring it if that was never
// done on this machine.
func (t *Trainer) facts(ctx context.Context, a *attached) (*BaseFacts, error) {
	if known, err := t.keptFacts(ctx, a); known != nil || err != nil {
		return known, err
	}
	hash := a.info.Hash
	facts, err := MeasureBase(ctx, a.runner)
	if err != nil {
		return nil, err
	}
	data, err := facts.encode()
	if err != nil {
		return nil, err
	}
	if err := t.bases.PutBase(ctx, hash, baseKind, map[string][]byte{baseKey: data}); err != nil {
		return nil, fmt.Errorf("keep what was measured of the base: %w", err)
	}
	a.keep(facts)
	return facts, nil
}

func (a *attached) keep(b *BaseFacts) {
	a.loading.Lock()
	defer a.loading.Unlock()
	a.base = b
}

// noModel is the error of a method that needs a model.
func noModel() error {
	return &UserError{Reason: reason(CodeNoModel, "no model is loaded yet"), Hint: HintLoadModel, Err: ErrNoModel}
}

// engaged returns the model and what speaks on it, with a user counted as by use; the
// error is noModel's.
func (t *Trainer) engaged() (*attached, *speaker, error) {
	t.model.mu.Lock()
	defer t.model.mu.Unlock()
	a, s := t.model.current, t.speaking.Load()
	if a == nil || s == nil || s.model != a {
		return nil, nil, noModel()
	}
	a.users.Add(1)
	return a, s, nil
}

// until returns a context that ends with ctx or with the model's attachment.
func (a *attached) until(ctx context.Context) (context.Context, context.CancelFunc) {
	merged, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(a.ctx, func() { cancel(errTakenAway) })
	return merged, func() { stop(); cancel(nil) }
}

// errTakenAway is the cause of a context that ended because the model was taken away.
var errTakenAway = errors.New("the model was taken away")
