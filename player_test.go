package main

import (
	"context"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"fyne.io/fyne/v2"

	"clara/app"
	"clara/catalogue"
	"clara/cli"
	"clara/configs"
)

// player is a person at the window: it sees what can be seen, and taps and types what can be tapped and typed into.
type player struct {
	t        testing.TB
	pictures string // folder of the pictures, or noPictures
	look     string // in their names: "light-de"
	words    map[string]string
	home     string

	app     *playedApp
	session *session
	ended   chan error // of the window
	stop    context.CancelFunc
}

// noPictures stands for a folder where none are to be taken: painting takes most of the time under the race detector.
const noPictures = "-"

// patience is how long the player waits for what takes no training: long enough for a busy machine and the race detector.
const patience = 2 * time.Minute

// newPlayer prepares a data folder with the built-in model, in the language and look given. Answers are the most probable
// ones, so that two plays read alike.
func newPlayer(t testing.TB, pictures, appearance, language, home string) *player {
	t.Helper()
	p := &player{t: t, pictures: pictures, look: appearance + "-" + language, home: home}
	p.speaks(language)
	if err := os.MkdirAll(catalogue.Folder(home), 0o755); err != nil {
		t.Fatal(err)
	}
	p.putModel()
	f := configs.NewFile(filepath.Join(home, settingsName))
	if err := f.Create(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Modify(func(s *configs.Settings) {
		s.Window.Appearance, s.Window.Language = appearance, language
		s.Answer.Temperature = 0
		s.Answer.MaxTokens = 160
		s.Model.Engine = "cpu"       // what every machine has
		s.Model.Path = p.modelFile() // wherever else models lie, as beside this program
	}); err != nil {
		t.Fatal(err)
	}
	return p
}

// speaks reads the words that the window shows in a language.
func (p *player) speaks(language string) {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join("app", "translations", language+".json"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.words = nil
	if err := json.Unmarshal(text, &p.words); err != nil {
		p.t.Fatal(err)
	}
}

// modelFile is where the model lies in the data folder.
func (p *player) modelFile() string {
	return filepath.Join(catalogue.Folder(p.home), catalogue.BuiltIn)
}

// putModel lays the built-in model into the data folder.
func (p *player) putModel() {
	p.t.Helper()
	real, err := filepath.Abs(filepath.Join("models", catalogue.BuiltIn))
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := os.Stat(real); err != nil {
		p.t.Fatalf("%v; make model fetches it", err)
	}
	if err := os.Symlink(real, p.modelFile()); err != nil {
		p.t.Fatal(err)
	}
}

// open starts the program, as a double click does, at a size of its window.
func (p *player) open(size fyne.Size) {
	p.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s, err := openSession(ctx, cli.Options{Home: p.home})
	if err != nil {
		stop()
		p.t.Fatal(err)
	}
	if err := s.trainer.Start(ctx); err != nil {
		stop()
		p.t.Fatal(err)
	}
	seen := p.app != nil && p.app.Preferences().Bool("window.welcomed")
	p.app, p.session, p.stop, p.ended = newPlayedApp(), s, stop, make(chan error, 1)
	p.app.Preferences().SetBool("window.welcomed", seen)
	p.app.Preferences().SetFloat("window.width", float64(size.Width))
	p.app.Preferences().SetFloat("window.height", float64(size.Height))
	params := s.window(ctx)
	params.App = p.app
	go func(a *playedApp) { p.ended <- a.run(func() error { return app.Run(params) }) }(p.app)
	p.until("a window", func() bool { return p.app.frame != nil })
}

// close ends the program as closing its window does.
func (p *player) close() {
	p.t.Helper()
	asked := false
	p.app.do(func() {
		p.app.frame.intercept()
		asked = find(onScreen(p.app.frame.Canvas(), false), p.word("close.title"), shown.inSight) != nil
	})
	if asked { // something trains
		p.shoot("close")
		p.tap(exactly(p.word("close.yes")))
	}
	select {
	case err := <-p.ended:
		if err != nil {
			p.t.Error(err)
		}
	case <-time.After(training):
		p.t.Fatal("the window does not close")
	}
	if err := p.session.close(); err != nil {
		p.t.Error(err)
	}
	p.stop()
}

// until waits until ok, which is asked on the window's goroutine.
func (p *player) until(what string, ok func() bool) { p.t.Helper(); p.untilIn(patience, what, ok) }

func (p *player) untilIn(long time.Duration, what string, ok func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(long); ; time.Sleep(50 * time.Millisecond) {
		done := false
		p.app.do(func() {
			done = ok()
		})
		if done {
			return
		}
		if time.Now().After(deadline) {
			p.shoot("failed")
			p.t.Errorf("%s is not to be seen after %v; this is:\n%s", what, long, strings.Join(p.read(), "\n"))
			return
		}
	}
}

// read is all that can be read now.
func (p *player) read() []string {
	var all []string
	p.app.do(func() {
		for _, s := range onScreen(p.app.frame.Canvas(), false) {
			if s.inSight() {
				all = append(all, s.words)
			}
		}
	})
	return slices.Compact(all)
}

// anything stands in a sentence of the translations for what was not given.
const anything = "\x00"

// word is what the window says for a key of the translations, with its arguments as name and value; an argument that is left
// out may be anything.
func (p *player) word(key string, args ...string) *regexp.Regexp {
	p.t.Helper()
	var forms []string
	for _, form := range p.say(key, args...) {
		forms = append(forms, strings.ReplaceAll(regexp.QuoteMeta(form), anything, ".*"))
	}
	return regexp.MustCompile("(?s:" + strings.Join(forms, "|") + ")")
}

// say is the text of a key, or its texts for one thing and for several.
func (p *player) say(key string, args ...string) []string {
	p.t.Helper()
	data := map[string]any{}
	for i := 0; i+1 < len(args); i += 2 {
		data[args[i]] = args[i+1]
	}
	var forms []string
	for _, k := range []string{key, key + ".one", key + ".other"} {
		text, ok := p.words[k]
		if !ok {
			continue
		}
		sentence, err := template.New(k).Parse(text)
		if err != nil {
			p.t.Fatal(err)
		}
		var out strings.Builder
		if err := sentence.Execute(&out, data); err != nil {
			p.t.Fatal(err)
		}
		forms = append(forms, strings.ReplaceAll(out.String(), "<no value>", anything))
	}
	if forms == nil {
		p.t.Fatalf("there are no words for %q", key)
	}
	return forms
}

// version is the name of a version.
func (p *player) version(n string) string { return p.say("version.number", "N", n)[0] }

// text is a text as it stands.
func text(s string) *regexp.Regexp { return regexp.MustCompile(regexp.QuoteMeta(s)) }

// see waits until the words can be read.
func (p *player) see(words *regexp.Regexp) { p.t.Helper(); p.seeIn(patience, words) }

// training is how long the player waits for a cycle, on two cores that do other things too.
const training = 30 * time.Minute

func (p *player) seeIn(long time.Duration, words *regexp.Regexp) {
	p.t.Helper()
	p.untilIn(long, words.String(), func() bool {
		return find(onScreen(p.app.frame.Canvas(), false), words, shown.inSight) != nil
	})
}

// missing waits until the words can be read nowhere.
func (p *player) missing(words *regexp.Regexp) {
	p.t.Helper()
	p.until("a window without "+words.String(), func() bool {
		return find(onScreen(p.app.frame.Canvas(), false), words, shown.inSight) == nil
	})
}

// tap taps what says the words, once it can be tapped, and scrolls there if it has to.
func (p *player) tap(words *regexp.Regexp) { p.t.Helper(); p.tapThe(words, false, anyButton) }

// tapLast taps the lowest of what says the words.
func (p *player) tapLast(words *regexp.Regexp) { p.t.Helper(); p.tapThe(words, true, anyButton) }

func anyButton(fyne.Tappable) bool { return true }

// isField says whether something can be written into.
func isField(b fyne.Tappable) bool {
	_, ok := b.(interface{ SelectedText() string })
	return ok
}

func (p *player) tapThe(words *regexp.Regexp, last bool, kind func(fyne.Tappable) bool) {
	p.t.Helper()
	p.until("a button "+words.String(), func() bool {
		c := p.app.frame.Canvas()
		all := onScreen(c, true)
		if last {
			slices.Reverse(all)
		}
		s := find(all, words, func(s shown) bool {
			return s.button != nil && kind(s.button) && !s.off() && (s.inSight() || s.scroll != nil)
		})
		if s == nil {
			return false
		}
		if !s.inSight() {
			s.scroll.Scrolled(&fyne.ScrollEvent{Scrolled: fyne.Delta{DY: toward(*s)}})
			return false
		}
		tapAt(c, s.button, s.middle())
		return true
	})
	p.rest()
}

// toward is how far to scroll to bring s a little nearer.
func toward(s shown) float32 {
	if s.at.Y > s.window[0].Y {
		return -60
	}
	return 60
}

// write types into the field that says the words, in the place of what stands there.
func (p *player) write(field *regexp.Regexp, text string) {
	p.t.Helper()
	p.tapThe(field, false, isField)
	p.typed(text)
}

// typed types into what has the keyboard.
func (p *player) typed(text string) {
	p.t.Helper()
	var err error
	p.app.do(func() { err = typeInto(p.app.frame.Canvas(), text) })
	if err != nil {
		p.shoot("failed")
		p.t.Fatal(err)
	}
}

// key presses a key of what has the keyboard.
func (p *player) key(name fyne.KeyName) {
	p.app.do(func() {
		if f := p.app.frame.Canvas().Focused(); f != nil {
			f.TypedKey(&fyne.KeyEvent{Name: name})
		}
	})
	p.rest()
}

// ask types a question, sends it and waits for the end of the answer.
func (p *player) ask(question string) {
	p.t.Helper()
	p.write(p.word("chat.placeholder"), question)
	p.key(fyne.KeyReturn)
	p.answered()
}

// answered waits until nothing is being written any more.
func (p *player) answered() {
	p.t.Helper()
	p.untilIn(training, "the end of the answer", func() bool {
		return find(onScreen(p.app.frame.Canvas(), false), exactly(p.word("chat.stop")), shown.inSight) == nil
	})
	p.rest()
}

// exactly is words that nothing else stands beside.
func exactly(words *regexp.Regexp) *regexp.Regexp {
	return regexp.MustCompile("^" + words.String() + "$")
}

// rest waits until the window has done what the last tap began, unless it goes on by itself.
func (p *player) rest() {
	quiet := 0
	for range 40 {
		time.Sleep(25 * time.Millisecond)
		if p.app.busy() {
			quiet = 0
		} else if quiet++; quiet == 8 {
			return
		}
	}
}

// shoot keeps a picture of the window under the name of the script and the step.
func (p *player) shoot(step string) {
	p.t.Helper()
	p.rest()
	if p.pictures == noPictures {
		return
	}
	name := p.t.Name()
	name = name[strings.LastIndexByte(name, '/')+1:]
	f, err := os.Create(filepath.Join(p.pictures, name+"-"+step+"-"+p.look+".png"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	e := png.Encoder{CompressionLevel: png.BestCompression}
	p.app.do(func() { err = e.Encode(f, painted(p.app.frame.Canvas())) })
	if err != nil {
		p.t.Fatal(err)
	}
}
