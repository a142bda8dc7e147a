package server

import (
	_ "embed" // the template of the page
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsTemplate string

// docsPage is the interface as a page shows it.
type docsPage struct {
	Title, Version, About string
	Groups                []docsGroup
}

type docsGroup struct {
	Name       string
	Operations []docsOperation
}

type docsOperation struct {
	ID, Method, Path, Summary, Description string
	Takes, Gives                           []docsField
	Example                                string
}

type docsField struct {
	Name, Type, Range, Doc string
	Required               bool
}

// docsRoutes serves the description as a page of our own: it needs no network, no script
// and nothing from elsewhere.
func (s *server) docsRoutes() {
	page := template.Must(template.New("docs").Parse(docsTemplate))
	s.mux.HandleFunc("GET /docs", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		if err := page.Execute(w, describe(s.api.OpenAPI())); err != nil {
			s.Log.Error("the page of the documentation", "error", err)
		}
	})
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/docs", http.StatusFound)
	})
}

func describe(o *huma.OpenAPI) docsPage {
	p := docsPage{Title: o.Info.Title, Version: o.Info.Version, About: o.Info.Description}
	for _, tag := range tags {
		g := docsGroup{Name: tag}
		for path, item := range o.Paths {
			for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodDelete: item.Delete} {
				if op != nil && slices.Contains(op.Tags, tag) {
					g.Operations = append(g.Operations, describeOperation(o, method, path, op))
				}
			}
		}
		slices.SortFunc(g.Operations, func(a, b docsOperation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
		p.Groups = append(p.Groups, g)
	}
	return p
}

func describeOperation(o *huma.OpenAPI, method, path string, op *huma.Operation) docsOperation {
	d := docsOperation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Description: op.Description}
	for _, p := range op.Parameters {
		f := field(o, p.Name, p.Schema, p.Required)
		if f.Doc == "" {
			f.Doc = p.Description
		}
		d.Takes = append(d.Takes, f)
	}
	if op.RequestBody != nil {
		if body := op.RequestBody.Content["application/json"]; body != nil {
			d.Takes = append(d.Takes, fields(o, body.Schema)...)
			d.Example = example(method, path, d.Takes)
		}
	}
	for status, r := range op.Responses {
		if body := r.Content["application/json"]; body != nil && status < "3" {
			d.Gives = fields(o, body.Schema)
		}
	}
	return d
}

// fields are the properties of an object, in the order of their names but the required
// ones first.
func fields(o *huma.OpenAPI, s *huma.Schema) []docsField {
	s = resolved(o, s)
	var out []docsField
	for name, p := range s.Properties {
		out = append(out, field(o, name, p, slices.Contains(s.Required, name)))
	}
	slices.SortFunc(out, func(a, b docsField) int {
		if a.Required != b.Required {
			if a.Required {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

func field(o *huma.OpenAPI, name string, s *huma.Schema, required bool) docsField {
	plain := resolved(o, s)
	f := docsField{Name: name, Type: plain.Type, Doc: s.Description, Required: required}
	if f.Doc == "" {
		f.Doc = plain.Description
	}
	switch {
	case len(plain.Enum) > 0:
		words := make([]string, len(plain.Enum))
		for i, e := range plain.Enum {
			words[i] = fmt.Sprint(e)
		}
		f.Range = strings.Join(words, ", ")
	case plain.Minimum != nil && plain.Maximum != nil:
		f.Range = fmt.Sprintf("%g to %g", *plain.Minimum, *plain.Maximum)
	}
	if plain.Default != nil {
		f.Range = strings.TrimPrefix(fmt.Sprintf("%s; default %v", f.Range, plain.Default), "; ")
	}
	return f
}

func resolved(o *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return o.Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// example is a call with the fields that are required.
func example(method, path string, takes []docsField) string {
	body := make(map[string]any)
	for _, f := range takes {
		switch {
		case !f.Required || strings.Contains(path, "{"+f.Name+"}"):
		case f.Type == "number":
			body[f.Name] = 0.8
		case f.Type == "integer":
			body[f.Name] = 4
		default:
			body[f.Name] = "..."
		}
	}
	data, err := json.Marshal(body)
	if err != nil { // words and numbers
		return ""
	}
	return fmt.Sprintf("curl -X %s http://127.0.0.1:8080%s -H 'Content-Type: application/json' -d '%s'", method, path, data)
}
