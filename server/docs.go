package server

import (
	_ "embed" // the template of the page
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsTemplate string

// docsPage is the interface as a page shows it.
type docsPage struct {
	Title, Version, About string
	Token                 bool // requests need one
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
	s.mux.HandleFunc("GET /docs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		if err := page.Execute(w, s.describe(r)); err != nil {
			s.Log.Error("the page of the documentation", "error", err)
		}
	})
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/docs", http.StatusFound)
	})
}

// hosts are those that a command line takes as they are.
var hosts = regexp.MustCompile(`^[a-zA-Z0-9.:\[\]-]+$`)

// describe makes the page for who asks: its examples go to the address that was asked.
func (s *server) describe(r *http.Request) docsPage {
	o := s.api.OpenAPI()
	p := docsPage{Title: o.Info.Title, Version: o.Info.Version, About: o.Info.Description, Token: !s.loopback || s.guarded.Load()}
	curl := curl{base: "http://" + s.addr, token: p.Token}
	if hosts.MatchString(r.Host) {
		curl.base = "http://" + r.Host
		if r.Header.Get("X-Forwarded-Proto") == "https" { // by a proxy with TLS
			curl.base = "https://" + r.Host
		}
	}
	for _, tag := range tags {
		g := docsGroup{Name: tag}
		for path, item := range o.Paths {
			for method, op := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodDelete: item.Delete} {
				if op != nil && slices.Contains(op.Tags, tag) {
					g.Operations = append(g.Operations, describeOperation(o, curl, method, path, op))
				}
			}
		}
		slices.SortFunc(g.Operations, func(a, b docsOperation) int { return strings.Compare(a.Path+a.Method, b.Path+b.Method) })
		p.Groups = append(p.Groups, g)
	}
	return p
}

func describeOperation(o *huma.OpenAPI, curl curl, method, path string, op *huma.Operation) docsOperation {
	d := docsOperation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, Description: op.Description}
	for _, p := range op.Parameters {
		if values := p.Schema.Examples; len(values) > 0 {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(values[0]))
		}
		f := field(o, p.Name, p.Schema, p.Required)
		if f.Doc == "" {
			f.Doc = p.Description
		}
		d.Takes = append(d.Takes, f)
	}
	if op.RequestBody != nil {
		if body := op.RequestBody.Content["application/json"]; body != nil {
			d.Takes = append(d.Takes, fields(o, body.Schema)...)
			if !strings.Contains(path, "{") { // else it is about something that the reader has to name
				d.Example = curl.post(path, resolved(o, body.Schema))
			}
		}
	} else if method == http.MethodGet && !strings.Contains(path, "{") {
		d.Example = curl.get(path)
	}
	for status, r := range op.Responses {
		if status >= "3" {
			continue
		}
		if body := r.Content["application/json"]; body != nil {
			d.Gives = fields(o, body.Schema)
		}
		for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
			d.Gives = append(d.Gives, docsField{Name: name, Type: "header", Doc: r.Headers[name].Description})
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

// maxInteger is the greatest number up to which JSON's readers all tell whole ones apart
// (RFC 8259, 6): the bound of what has none of its own.
const maxInteger = 1<<53 - 1

func field(o *huma.OpenAPI, name string, s *huma.Schema, required bool) docsField {
	plain := resolved(o, s)
	f := docsField{Name: name, Type: typeOf(plain), Doc: s.Description, Required: required}
	if f.Doc == "" {
		f.Doc = plain.Description
	}
	switch {
	case len(plain.Enum) > 0:
		var words []string
		for _, e := range plain.Enum {
			if e != nil { // as left out
				words = append(words, fmt.Sprint(e))
			}
		}
		f.Range = strings.Join(words, ", ")
	case plain.Minimum != nil && plain.Maximum != nil && *plain.Maximum >= maxInteger:
		f.Range = fmt.Sprintf("%g and more", *plain.Minimum)
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

// typeOf names the type of a value, or its types.
func typeOf(s *huma.Schema) string {
	if s.Type != "" {
		return s.Type
	}
	var types []string
	for _, other := range s.AnyOf {
		types = append(types, other.Type)
	}
	return strings.Join(types, " or ")
}

// curl writes requests as a shell takes them.
type curl struct {
	base  string
	token bool // in the variable CLARA_TOKEN
}

func (c curl) get(path string) string {
	line := "curl " + c.base + path
	if c.token {
		line += ` -H "Authorization: Bearer $CLARA_TOKEN"`
	}
	return line
}

// post is a request with the fields that are required, by their examples.
func (c curl) post(path string, body *huma.Schema) string {
	values := make(map[string]any)
	for _, name := range body.Required {
		if examples := body.Properties[name].Examples; len(examples) > 0 {
			values[name] = examples[0]
		}
	}
	data, err := json.Marshal(values)
	if err != nil { // words and numbers
		return ""
	}
	quoted := strings.ReplaceAll(string(data), "'", `'\''`)
	return c.get(path) + " -H 'Content-Type: application/json' -d '" + quoted + "'"
}
