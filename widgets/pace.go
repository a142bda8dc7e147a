package widgets

import (
	"sync"
	"time"

	"fyne.io/fyne/v2"
)

// Pace calls a function on the UI goroutine at most once an interval, however often it is asked: tokens, losses and progress come
// faster than eyes and the layout of text can follow. The first call comes at once, the last ask is never lost.
type Pace struct {
	every time.Duration
	do    func()

	mu      sync.Mutex
	timer   *time.Timer // runs while the interval since the last call lasts
	asked   bool        // during that interval
	stopped bool
}

// NewPace makes a pace.
func NewPace(every time.Duration, do func()) *Pace { return &Pace{every: every, do: do} }

// Ask wants the function called. It may come from any goroutine and does not wait.
func (p *Pace) Ask() {
	if p.start() {
		fyne.Do(p.call)
	}
}

// start begins an interval, or remembers within one that there was an ask.
func (p *Pace) start() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped || p.timer != nil {
		p.asked = true
		return false
	}
	p.asked = false
	p.timer = time.AfterFunc(p.every, p.elapsed)
	return true
}

// Stop ends the pace. On the UI goroutine nothing is called after it; what was asked for and not yet done is dropped.
func (p *Pace) Stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	if p.timer != nil {
		p.timer.Stop()
	}
}

func (p *Pace) elapsed() {
	p.mu.Lock()
	p.timer = nil
	again := p.asked && !p.stopped
	p.mu.Unlock()
	if again {
		p.Ask()
	}
}

func (p *Pace) call() {
	p.mu.Lock()
	stopped := p.stopped
	p.mu.Unlock()
	if !stopped {
		p.do()
	}
}
