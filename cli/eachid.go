package cli

import (
	"context"
	"errors"
	"strconv"

	"clara/trainer"
)

// doing does something to what has a number, and tells it in the language spoken.
type doing func(ctx context.Context, t *trainer.Trainer, id int64) (told string, err error)

// saying is a method of the trainer with what is said of each number it was done to.
func (c *program) saying(do func(*trainer.Trainer, context.Context, int64) error, en, de string) doing {
	return func(ctx context.Context, t *trainer.Trainer, id int64) (string, error) {
		return c.language.say(en, de, id), do(t, ctx, id)
	}
}

// eachID does one thing to each of several numbered things in the data folder: doEach.
func (c *program) eachID(ctx context.Context, args []string, kind, key string, do doing) error {
	ids, err := c.idsOf(args)
	if err != nil {
		return err
	}
	return c.opened(ctx, func(s *Session) error { return c.doEach(ctx, s.Trainer, ids, kind, key, do) })
}

// doEach does one thing to each of several numbered things, and stops at the first that
// fails. The numbers it was done to are said either way.
func (c *program) doEach(ctx context.Context, t *trainer.Trainer, ids []int64, kind, key string, do doing) error {
	for i, id := range ids {
		told, err := do(ctx, t, id)
		if errors.Is(err, trainer.ErrNotFound) {
			err = &missingError{kind, id}
		}
		switch {
		case err != nil && i > 0:
			return &partlyError{err, key, ids[:i]}
		case err != nil:
			return err
		case !c.json:
			c.sayf("%s", "%s", told)
		}
	}
	if !c.json {
		return nil
	}
	return c.answer(map[string][]int64{key: ids})
}

// partlyError says that a command failed when it had done a part of its work.
type partlyError struct {
	error
	key  string // of what was done, in the JSON answer
	done []int64
}

func (e *partlyError) Unwrap() error { return e.error }

func (c *program) idsOf(args []string) ([]int64, error) {
	ids := make([]int64, len(args))
	for i, a := range args {
		id, err := c.idOf(a)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}

func (c *program) idOf(arg string) (int64, error) {
	id, err := strconv.ParseInt(arg, 10, 64)
	if err != nil || id < 1 {
		return 0, c.usage("%q is no number of a list", "%q ist keine Nummer einer Liste", arg)
	}
	return id, nil
}
