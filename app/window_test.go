package app

import (
	"context"
	"image/png"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"clara/configs"
	"clara/trainer"
)

// testApp is Fyne's test app with a UI goroutine: what other goroutines hand to fyne.Do waits until the test runs it.
type testApp struct {
	fyne.App
	driver *testDriver
	told   []string   // notifications of the desktop
	menu   *fyne.Menu // of the icon in the tray
}

// testApp has a tray, which the window uses when Params say so.
var _ desktop.App = (*testApp)(nil)

func (a *testApp) SetSystemTrayMenu(m *fyne.Menu) { a.menu = m }

func (a *testApp) SetSystemTrayIcon(fyne.Resource) {}

func (a *testApp) SetSystemTrayWindow(w fyne.Window) { w.SetCloseIntercept(w.Hide) } // as Fyne does

func (a *testApp) Driver() fyne.Driver { return a.driver }

func (a *testApp) SendNotification(n *fyne.Notification) { a.told = append(a.told, n.Content) }

type testDriver struct {
	fyne.Driver
	mu    sync.Mutex
	queue []func()
}

func (d *testDriver) DoFromGoroutine(f func(), wait bool) {
	if wait {
		panic("the window never waits for the UI goroutine")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.queue = append(d.queue, f)
}

// run runs what waits for the UI goroutine and says whether there was something.
func (d *testDriver) run() bool {
	d.mu.Lock()
	queue := d.queue
	d.queue = nil
	d.mu.Unlock()
	for _, f := range queue {
		f()
	}
	return len(queue) > 0
}

// TestMain lets more garbage lie: the views are built some hundred times over, and a quarter of
// the time went into collecting them.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// noon is the moment at which the tests look at the window.
var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.Local)

// newTestWindow makes a window in the test driver. Nothing runs behind it until the test starts something.
func newTestWindow(t testing.TB, p Params, size fyne.Size) *window {
	t.Helper()
	inner := test.NewTempApp(t)
	a := &testApp{App: inner, driver: &testDriver{Driver: inner.Driver()}}
	fyne.SetCurrentApp(a)
	p.App = a
	if p.Trainer == nil {
		p.Trainer = newTrainer(t)
	}
	if p.File == nil {
		p.File = configs.NewFile(filepath.Join(t.TempDir(), "continuous.toml"))
	}
	if p.Settings == (configs.Settings{}) {
		p.Settings = configs.Default()
	}
	if p.Learning == nil {
		p.Learning = func(configs.Settings) trainer.Settings { return trainer.DefaultSettings() }
	}
	if p.Load == nil {
		p.Load = func(context.Context, func(Model)) error { return nil }
	}
	a.Preferences().SetBool(preferSeen, true)
	w, err := newWindow(p)
	if err != nil {
		t.Fatal(err)
	}
	w.now = func() time.Time { return noon }
	w.frame.Resize(size)
	a.driver.run()
	t.Cleanup(func() {
		w.work.stop()
		a.driver.run()
	})
	return w
}

// settle runs the UI goroutine until nothing is under way.
func (w *window) settle(t testing.TB) {
	t.Helper()
	d := w.App.(*testApp).driver
	for deadline := time.Now().Add(10 * time.Second); ; {
		ran := d.run()
		w.work.mu.Lock()
		busy := w.work.busy
		w.work.mu.Unlock()
		if !ran && !busy {
			if !d.run() {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the window does not come to rest")
		}
		time.Sleep(time.Millisecond)
	}
}

// shoot writes a picture of the window into the folder that CLARA_SHOTS names, for a person to look at.
func shoot(t testing.TB, w *window, name string) {
	t.Helper()
	dir := os.Getenv("CLARA_SHOTS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, w.frame.Canvas().Capture()); err != nil {
		t.Fatal(err)
	}
}
