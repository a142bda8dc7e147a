package model

import (
	"strings"

	"clara/model/tokenizer"
)

// textStream turns tokens into text as they come: it holds back text that may turn
// out to begin a stop text, as its decoder holds back a character's first bytes.
type textStream struct {
	decoder *tokenizer.Decoder
	stop    []stopText
	lead    string // left out where the answer begins with it
	held    string // may begin a stop text
	out     strings.Builder
}

// stopText ends an answer, which then has finish.
type stopText struct {
	text   string
	finish Finish
}

// newTextStream is for the text behind what the request has of the answer.
func (r *Runner) newTextStream(q Request) *textStream {
	s := &textStream{decoder: r.tokenizer.NewDecoder()}
	if r.info.Plain {
		for _, x := range plainEnds {
			s.stop = append(s.stop, stopText{x, FinishEnd})
		}
		if q.Begun == 0 {
			s.lead = r.lead()
		}
	}
	for _, id := range q.Prompt[q.answerFrom():] {
		s.decoder.Push(id)
	}
	for _, x := range q.Stop {
		if x != "" {
			s.stop = append(s.stop, stopText{x, FinishStop})
		}
	}
	return s
}

// add takes a token and returns the text that is certain now. finish is not empty where
// a stop text has come; neither it nor what follows it is part of the text.
func (s *textStream) add(id int32) (text string, finish Finish) {
	piece := s.decoder.Push(id)
	if piece != "" {
		piece = strings.TrimPrefix(piece, s.lead)
		s.lead = ""
	}
	s.held += piece
	first := -1
	for _, x := range s.stop {
		if i := strings.Index(s.held, x.text); i >= 0 && (first < 0 || i < first) {
			first, finish = i, x.finish
		}
	}
	if first >= 0 {
		text = s.held[:first]
		s.held = ""
		s.decoder.Flush() // the token may have begun a character behind the stop text
		s.out.WriteString(text)
		return text, finish
	}
	keep := 0
	for _, x := range s.stop {
		for n := min(len(x.text)-1, len(s.held)); n > keep; n-- {
			if strings.HasSuffix(s.held, x.text[:n]) {
				keep = n
			}
		}
	}
	text = s.held[:len(s.held)-keep]
	s.held = s.held[len(s.held)-keep:]
	s.out.WriteString(text)
	return text, ""
}

// finish returns what was held back: the answer ended without it becoming more. Of one that
// was cut the beginning of a character is left out: the answer is gone on with from its text,
// where a broken character would stay.
func (s *textStream) finish(cut bool) string {
	text, rest := s.held, s.decoder.Flush()
	if !cut {
		text += rest
	}
	s.held = ""
	s.out.WriteString(text)
	return text
}

// text is everything that add and finish have returned.
func (s *textStream) text() string { return s.out.String() }
