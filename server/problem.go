package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"clara/trainer"
)

// Problem is every error outside of /v1: RFC 9457 with what to do next.
type Problem struct {
	Status int                 `json:"status" doc:"HTTP status code"`
	Title  string              `json:"title" doc:"What the status code means"`
	Detail string              `json:"detail" doc:"What happened"`
	Next   string              `json:"next,omitempty" doc:"What to do next"`
	Code   string              `json:"code,omitempty" doc:"The reason, for a program"`
	Errors []*huma.ErrorDetail `json:"errors,omitempty" doc:"Which values are wrong"`

	after time.Duration // Retry-After; 0: none
	cause error         // for the log
	param string        // of a request of OpenAI's that is wrong
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// Unwrap implements errors.Unwrap.
func (p *Problem) Unwrap() error { return p.cause }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (*Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := make(http.Header)
	if p.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.after+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="clara"`)
	}
	return h
}

func problem(status int, detail, next string) *Problem {
	return &Problem{Status: status, Title: http.StatusText(status), Detail: detail, Next: next}
}

// shapeErrors gives huma's own errors our shape. What it sets is huma's, and global.
var shapeErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		p := problem(status, msg, nextOf(status))
		for _, err := range errs {
			if err == nil {
				continue
			}
			detail := &huma.ErrorDetail{Message: err.Error()}
			if d, ok := err.(huma.ErrorDetailer); ok {
				detail = d.ErrorDetail()
				detail.Value = nil // the sender has it, and it may be long
			}
			p.Errors = append(p.Errors, detail)
		}
		if len(p.Errors) > 0 {
			p.Detail = strings.TrimSuffix(fmt.Sprintf("%s: %s: %s", msg, p.Errors[0].Message, p.Errors[0].Location), ": ")
		}
		return p
	}
	huma.NewErrorWithContext = func(_ huma.Context, status int, msg string, errs ...error) huma.StatusError {
		for _, err := range errs {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return tooLarge(large.Limit)
			}
			if status == http.StatusInternalServerError {
				return brokenBody(err) // the one error of huma's own with this status
			}
		}
		return huma.NewError(status, msg, errs...)
	}
})

// nextOf says what to do about an error that huma finds.
func nextOf(status int) string {
	switch status {
	case http.StatusUnsupportedMediaType:
		return "Send JSON, with Content-Type: application/json."
	case http.StatusRequestTimeout:
		return "Send the whole request at once."
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "Correct the request; /docs describes what each takes."
	}
	return ""
}

func tooLarge(limit int64) *Problem {
	return problem(http.StatusRequestEntityTooLarge, fmt.Sprintf("the request is longer than %d bytes", limit), "Shorten the request.")
}

func brokenBody(err error) *Problem {
	p := problem(http.StatusBadRequest, "the request ended early or is not well formed", "Send the whole request, with its right length.")
	p.cause = err
	return p
}

// problemOf says what an error of the trainer is to a client.
func problemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var u *trainer.UserError
	code := ""
	if errors.As(err, &u) {
		code = u.Reason.Code
	}
	switch {
	case code == trainer.CodeEmpty:
		p = problem(http.StatusUnprocessableEntity, u.Reason.Text, "Send a text that is not empty.")
	case code == trainer.CodeUnchanged: // the answer to correct says so already; the request alone is in order
		p = problem(http.StatusConflict, u.Reason.Text, "Send a better answer than the one that was given.")
	case code == trainer.CodeTooLong:
		p = problem(http.StatusUnprocessableEntity, u.Reason.Text+", which reads "+u.Reason.Args["context"]+" tokens", "Shorten the text.")
	case code == trainer.CodeVersionDamaged:
		p = problem(http.StatusConflict, u.Reason.Text, "Restore another one that GET /adapters lists, then POST /train.")
	case code == trainer.CodeReplaced:
		p = problem(http.StatusConflict, "feedback "+u.Reason.Args["by"]+" on the same is newer, and stands", "DELETE /feedback/"+u.Reason.Args["by"]+", then send this again.")
	case code == trainer.CodeContradiction:
		p = problem(http.StatusConflict, u.Reason.Text, "POST /lessons/{id}/resolve says which of the two is right.")
	case code == trainer.CodeNoModel:
		p = problem(http.StatusServiceUnavailable, u.Reason.Text, "Try again once the model is loaded.")
		p.after = 10 * time.Second
	case code == trainer.CodeLocked:
		p = problem(http.StatusServiceUnavailable, "another program has this user's data in use", "Try again once that has ended.")
		p.after = 10 * time.Second
	case code == trainer.CodeDiskFull, isFull(err):
		p = problem(http.StatusInsufficientStorage, "the disk is full: nothing was saved", "Free some space on the server's disk.")
	case errors.Is(err, errFull):
		p = problem(http.StatusServiceUnavailable, "too many requests wait for an answer", "Try again later.")
		p.after = 5 * time.Second
	case errors.Is(err, trainer.ErrNotFound):
		p = problem(http.StatusNotFound, "it is not there, or it is another user's", "")
	case errors.Is(err, trainer.ErrRemoved):
		p = problem(http.StatusConflict, "the files of this version were removed", "GET /adapters lists those that are there.")
	case errors.Is(err, trainer.ErrStars):
		p = problem(http.StatusUnprocessableEntity, trainer.ErrStars.Error(), "")
	case errors.Is(err, trainer.ErrScore):
		p = problem(http.StatusUnprocessableEntity, trainer.ErrScore.Error(), "")
	case errors.Is(err, trainer.ErrNoLesson):
		p = problem(http.StatusConflict, trainer.ErrNoLesson.Error(), "Teach it with POST /lessons.")
	case errors.Is(err, trainer.ErrInvalid):
		p = problem(http.StatusUnprocessableEntity, "a text is longer than can be kept", "Shorten the text.")
	case errors.Is(err, trainer.ErrTemplate):
		p = problem(http.StatusUnprocessableEntity, "this model cannot be asked with these messages: "+err.Error(), "Begin with the user, and let user and assistant take turns.")
	case errors.Is(err, errEnding), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = problem(http.StatusServiceUnavailable, "the server ends, or the request took too long", "Try again.")
		p.after = 5 * time.Second
	default:
		p = problem(http.StatusInternalServerError, "the server failed", "The server's log, clara.log in its data folder, says why.")
	}
	p.Code, p.cause = code, err
	return p
}

// isFull says that a write failed because the disk is full, whoever met that.
func isFull(err error) bool {
	why, _, _ := trainer.FaultOf(err)
	return why.Code == trainer.CodeFaultDisk
}

// send writes a problem outside of huma. Under /v1 it has OpenAI's shape.
func (p *Problem) send(w http.ResponseWriter, r *http.Request) {
	for k, v := range p.GetHeaders() {
		w.Header()[k] = v
	}
	var body any = p
	status := p.Status
	w.Header().Set("Content-Type", p.ContentType(""))
	if isOpenAI(r.URL.Path) {
		w.Header().Set("Content-Type", "application/json")
		body, status = openAIError(p), openAIStatus(status)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who has gone hears nothing
}

func isOpenAI(path string) bool { return path == "/v1" || strings.HasPrefix(path, "/v1/") }
