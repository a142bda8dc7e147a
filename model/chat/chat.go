// Package chat turns a conversation into the one text that a chat model expects,
// by the template in the model's file.
//
// Chat templates are written in Jinja, in the dialect of Hugging Face transformers
// (https://huggingface.co/docs/transformers/chat_templating): Jinja 3 with
// trim_blocks and lstrip_blocks, break and continue, raise_exception,
// strftime_now, tojson, and Python's methods of strings and mappings. This package
// is an interpreter of that dialect.
//
// A template is a program from a stranger. It can do nothing but make text: there
// are no files, no imports, and no value that changes except a namespace. What it
// costs is bounded, and paid before it is spent: every evaluation and every piece
// of text that is copied draws on one budget, so that neither a loop without end
// nor a text that doubles can hang the program or fill its memory. That is the
// reason for an interpreter of our own: general engines count steps but not sizes,
// and a list times a thousand million, or a namespace that holds itself, ends the
// whole process there, beyond recovery.
package chat

import (
	"errors"
	"fmt"
	"time"
)

// What can be wrong with a template or a conversation.
var (
	// ErrSyntax says that a template is not Jinja, or uses a part of Jinja that
	// chat templates do not.
	ErrSyntax = errors.New("the chat template cannot be read")
	// ErrRender says that a template failed on this conversation.
	ErrRender = errors.New("the chat template failed")
	// ErrRaised says that the template refused the conversation by
	// raise_exception, as many do when the roles do not alternate.
	ErrRaised = errors.New("the chat template refuses the conversation")
	// ErrLimit says that a template, or the text that it would make, is beyond
	// every honest size.
	ErrLimit = errors.New("the chat template goes beyond its limits")
)

// Message is one turn of a conversation.
type Message struct {
	Role    string // "system", "user", "assistant"
	Content string
}

// Options are what a template can see besides the conversation.
type Options struct {
	BOS, EOS string           // texts of these tokens: bos_token, eos_token
	Now      func() time.Time // for strftime_now; nil: time.Now
}

// Template is a chat template. It does not change, and is safe for concurrent use.
type Template struct {
	body    []statement
	options Options
}

// Limits of a template.
const (
	maxSource = 256 << 10 // bytes; the longest in use have 30 KiB
	// maxNesting bounds tags inside tags, brackets inside brackets, and lists
	// inside lists.
	maxNesting = 100
	// maxDepth bounds evaluations inside each other, and by that the stack.
	maxDepth = 2000
	// budget is what one rendering may cost: one unit for every evaluation, and
	// for every unitBytes of text or every element of a list that is made. It is
	// spent within a second; a conversation of 1 MB takes a tenth of it.
	budget    = 5_000_000
	unitBytes = 16
)

// New reads a template. An error wraps [ErrSyntax] or [ErrLimit] and names the
// line.
func New(source string, o Options) (*Template, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("it has %d bytes, wanted at most %d: %w", len(source), maxSource, ErrLimit)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	body, err := parse(source)
	if err != nil {
		return nil, err
	}
	return &Template{body: body, options: o}, nil
}

// Render returns the text of a conversation; with addGenerationPrompt it ends where
// the assistant's next answer begins. An error wraps [ErrRaised], [ErrRender] or
// [ErrLimit] and names the line of the template.
func (t *Template) Render(messages []Message, addGenerationPrompt bool) (string, error) {
	s := newState(t.options)
	list := make([]any, len(messages))
	for i, m := range messages {
		d := newDict()
		d.set("role", m.Role)
		d.set("content", m.Content)
		list[i] = d
	}
	s.scope.names["messages"] = &sequence{items: list, depth: 2}
	s.scope.names["add_generation_prompt"] = addGenerationPrompt
	s.scope.names["bos_token"] = t.options.BOS
	s.scope.names["eos_token"] = t.options.EOS
	// transformers always passes these two
	s.scope.names["tools"] = nil
	s.scope.names["documents"] = nil
	if err := s.run(t.body); err != nil {
		return "", fmt.Errorf("render a conversation of %d messages: %w", len(messages), err)
	}
	return s.out.String(), nil
}
