package main

import (
	"context"
	"errors"

	"clara/app"
	"clara/catalogue"
	"clara/trainer"
)

// modelsOfWindow is what the window can do with model files. program ends with the program.
func (s *session) modelsOfWindow(program context.Context) app.Models {
	return app.Models{
		List: func() ([]catalogue.Offer, error) {
			return catalogue.List(s.home, "", s.modelSettings().Context, s.freeMemory())
		},
		Unread: func() []error { return catalogue.Unread(s.home) },
		Look: func(path string) (catalogue.Offer, error) {
			o, err := catalogue.Look(path)
			o.Weigh(s.modelSettings().Context, s.freeMemory())
			return o, err
		},
		Fetch: func(ctx context.Context, o catalogue.Offer, report func(catalogue.Progress)) (string, error) {
			return fetchInto(ctx, s.home, s.file, o, report)
		},
		Add: func(ctx context.Context, folder string, report func(catalogue.Progress)) (string, error) {
			return addInto(ctx, s.home, s.file, folder, false, report)
		},
		Discard: func(o catalogue.Offer) error { return catalogue.Discard(s.home, o) },
		Remove: func(ctx context.Context, o catalogue.Offer) error {
			before := s.modelSettings().Path
			_, err := catalogue.Remove(ctx, s.home, o.Path, func() []string {
				var paths []string
				if info, ok := s.trainer.ModelInfo(); ok {
					paths = append(paths, info.Path)
				}
				if now := s.modelSettings().Path; now != before { // the one of before may be a file that cannot be loaded
					paths = append(paths, now)
				}
				return paths
			})
			return err
		},
		Move: func(ctx context.Context, path string, report func(trainer.Progress)) (trainer.ScoreCard, error) {
			return s.moveLessons(ctx, program, path, report)
		},
	}
}

// freeMemory is what the engine in use has free, which on a graphics card is the card's own
// memory; without one it is the system's.
func (s *session) freeMemory() int64 {
	if r := s.runner(); r != nil {
		if use, err := r.EngineMemory(); err == nil {
			return use.Free
		}
	}
	return catalogue.FreeMemory()
}

// moveLessons trains all that was taught on the model at path, and says how both do. The loop
// stands still meanwhile, the model in use answers.
func (s *session) moveLessons(ctx, program context.Context, path string, report func(trainer.Progress)) (card trainer.ScoreCard, err error) {
	s.trainer.StopToMove()
	defer func() {
		if program.Err() == nil {
			err = errors.Join(err, s.trainer.Start(program))
		}
	}()
	choice := s.modelSettings()
	choice.Path = path
	m, err := openModel(ctx, choice, s.home, nil, nil)
	if err != nil {
		return card, err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	return s.trainer.Move(ctx, m.runner, true, report)
}
