package cli

import "clara/trainer"

// Engine is what a try of an engine found.
type Engine struct {
	Name     string         `json:"name"`             // as --engine takes it
	Device   string         `json:"device,omitempty"` // "" where it did not start
	Computes bool           `json:"computes"`         // the model lies on it
	Started  bool           `json:"started"`
	Passed   bool           `json:"self_test_passed"` // each operation computes what the CPU's does
	Fault    string         `json:"fault,omitempty"`  // why it did not start, or what the self-test found
	Why      trainer.Reason `json:"why,omitzero"`     // the same with a code; none: it is of no kind that has one
	GFLOPS   float64        `json:"gflops"`           // of a layer's product as training has it; 0: not measured
	Used     int64          `json:"memory_used"`      // bytes that the model has on it
	Free     int64          `json:"memory_free"`      // bytes besides; -1 where the machine does not tell
}

// sayEngines prints a line for each engine, marked where the model lies on it.
func (c *program) sayEngines(engines []Engine) {
	l := c.language
	c.sayf("\nEngines:", "\nRechenwerke:")
	processor := 0.0
	for _, e := range engines {
		if e.Name == "cpu" {
			processor = e.GFLOPS
		}
	}
	for _, e := range engines {
		mark := " "
		if e.Computes {
			mark = "*"
		}
		text := e.Device + ": "
		switch {
		case !e.Started:
			text = l.say("did not start: %s", "nicht gestartet: %s", l.cause(e))
		case !e.Passed:
			text += l.say("failed its self-test: %s", "Selbsttest nicht bestanden: %s", l.cause(e))
		default:
			text += l.say("passed its self-test", "Selbsttest bestanden")
			if e.Fault != "" { // found after it
				text += "; " + l.cause(e)
			}
		}
		if e.GFLOPS > 0 {
			text += l.say(", %s GFLOP/s", ", %s GFLOP/s", l.roughly(e.GFLOPS))
			if processor > 0 && e.Name != "cpu" {
				text += l.say(" (%s x the CPU)", " (%s x die CPU)", l.roughly(e.GFLOPS/processor))
			}
		}
		if e.Computes {
			text += l.say(", %s in use", ", %s belegt", l.size(e.Used))
		}
		if e.Started && e.Free >= 0 {
			text += l.say(", %s free", ", %s frei", l.size(e.Free))
		}
		c.sayf("%s %-8s %s", "%s %-8s %s", mark, e.Name, text)
	}
}

// cause says the fault of an engine in words; one of no kind as the engine put it.
func (l language) cause(e Engine) string {
	if e.Why.Code != "" {
		return l.because(e.Why)
	}
	return e.Fault
}

// roughly writes a measured value with two digits or all before the point.
func (l language) roughly(v float64) string {
	digits := 0
	for least := 10.0; digits < 4 && v > 0 && v < least; least /= 10 {
		digits++
	}
	return l.number(v, digits)
}
