package trainer

import (
	"context"
	"fmt"
)

// askAnew asks the lessons that were last asked before another version was chosen or fallen
// back to, or came from outside: what they are found to be is what that one knows. It says
// whether it started to, or waits for its turn. A cycle asks its own version.
func (l *loop) askAnew(ctx context.Context, a *attached) bool {
	if l.Trainer.now().Before(l.retryAt) {
		return false
	}
	chosen, lessons, err := l.askedBefore(ctx, a.info.Hash)
	if err != nil {
		l.hinder(ctx, err)
		return false
	}
	if len(lessons) == 0 {
		l.anew = chosen
		return false
	}
	if !l.myTurn() {
		return true
	}
	due := setOf(lessons)
	l.beside(ctx, a, PhaseAsking, reason(CodeAskedAnew, "another version answers: the lessons are asked anew"), func(ctx context.Context, _ func(Progress)) error {
		_, err := l.askNow(ctx, func(x JobLesson) bool { return due[x.ID] })
		return err
	})
	l.now.chosen = chosen
	return true
}

// askedBefore returns the last activation on a base model, and the lessons to be asked
// because of it.
func (l *loop) askedBefore(ctx context.Context, base string) (chosen int64, lessons []int64, err error) {
	last, err := l.store.LastActivation(ctx, base)
	if err != nil {
		return 0, nil, fmt.Errorf("read which version was chosen: %w", err)
	}
	if last.ID == 0 || last.ID == l.anew || last.Cause == CauseCycle && last.Reason.Code != CodeImported {
		return last.ID, nil, nil
	}
	if lessons, err = l.store.AskedBefore(ctx, base, last.Created); err != nil {
		return 0, nil, fmt.Errorf("read which lessons another version was asked: %w", err)
	}
	return last.ID, lessons, nil
}
