package server

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// about is what the description of the interface begins with.
const about = `A local language model that learns from its user. Nothing leaves the machine that this
server runs on. Programs written for OpenAI's interface find it under /v1; the id of an
answer that they get there, or of one of /generate (in the header Answer-Id), is what it is
rated and corrected by.`

func newAPI(mux *http.ServeMux, config huma.Config) huma.API { return humago.New(mux, config) }

// The groups of the documentation.
const (
	tagTalk     = "Talk"
	tagFeedback = "Feedback"
	tagLearnt   = "What it learnt"
	tagServer   = "The server"
	tagOpenAI   = "OpenAI"
)

// operation describes a route. The body is read before huma sees it (readBody), which
// therefore needs no limit and no time of its own.
func operation(method, path, id, tag, summary, description string) huma.Operation {
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Tags: []string{tag}, Summary: summary, Description: description,
		MaxBodyBytes: -1, BodyReadTimeout: -1,
	}
}

// tags are the groups in the order in which they are shown.
var tags = []string{tagTalk, tagFeedback, tagLearnt, tagServer, tagOpenAI}
