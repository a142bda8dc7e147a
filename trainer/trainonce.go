package trainer

import "context"

// TrainOnce runs the loop for one cycle, due or not, and stops it again. It returns how the cycle
// ended and the questions that are newly known. A cycle that failed has ended, too; the error is
// what kept it from beginning, which the loop would try again for ever: a full disk, or that
// learning is off. What else fails beside it is shown in its state. progress, if not nil, is given
// each state on the way.
func (t *Trainer) TrainOnce(ctx context.Context, progress func(State)) (end CycleEnd, known []string, err error) {
	if !t.Settings().Enabled {
		return CycleEnd{}, nil, ErrOff
	}
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	events := t.Watch(watching)
	t.Train()
	if err := t.Start(ctx); err != nil {
		return CycleEnd{}, nil, err
	}
	defer t.Stop()
	began := false
	for e := range events {
		if progress != nil {
			progress(e.State)
		}
		for _, n := range e.News {
			switch n.Kind {
			case NewsCycleStarted:
				began = true
			case NewsActivated:
				known = append(known, n.Known...)
			case NewsTrouble:
				if !began && n.prevents {
					return CycleEnd{}, nil, &UserError{Reason: n.Reason}
				}
			case NewsCycleEnded:
				if end = *n.End; end.State == CycleFailed {
					t.Stop() // what it failed by becomes the trouble after its end was told
					if trouble := t.State().Trouble; trouble != nil {
						end.Reason = trouble.Reason // in the words of what happened, where that has some
					}
				}
				return end, known, nil
			}
		}
	}
	return CycleEnd{}, known, ctx.Err()
}
