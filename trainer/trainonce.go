package trainer

import "context"

// TrainOnce runs the loop for one cycle, due or not, and stops it again. It returns how the cycle
// ended and the questions that are newly known. A cycle that failed has ended, too; the error is
// what kept it from beginning, which the loop would try again for ever: a full disk, or that
// learning is off. progress, if not nil, is given each state on the way.
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
				if !began {
					return CycleEnd{}, nil, &UserError{Reason: n.Reason}
				}
			case NewsCycleEnded:
				end = *n.End
				if trouble := e.State.Trouble; end.State == CycleFailed && trouble != nil {
					end.Reason = trouble.Reason // in the words of what happened, where that has some
				}
				return end, known, nil
			}
		}
	}
	return CycleEnd{}, known, ctx.Err()
}
