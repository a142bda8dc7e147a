package server

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Text is a text that is not blank. It is exported for huma, as are the other types of
// fields.
type Text string

// notBlank is the ECMA 262 pattern of a text that has a character which is no space to
// strings.TrimSpace. The spaces stand as they are: how a pattern may name them is not the
// same for every program that reads it.
const notBlank = "[^\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000]"

// Schema implements huma.SchemaProvider.
func (Text) Schema(huma.Registry) *huma.Schema {
	least := 1
	return &huma.Schema{Type: huma.TypeString, MinLength: &least, Pattern: notBlank, PatternDescription: "a text that is not blank"}
}

// Source says who or what a sample came from. The one rule for all that comes over this
// interface: what the request says, else sourceAPI.
type Source string

const sourceAPI = "api"

// Schema implements huma.SchemaProvider.
func (Source) Schema(huma.Registry) *huma.Schema {
	most := 200
	return &huma.Schema{Type: huma.TypeString, MaxLength: &most, Default: Source(sourceAPI), Description: "Where it comes from: user, demo, conversation, or any other word"}
}

func (s Source) name() string { return cmp.Or(strings.TrimSpace(string(s)), sourceAPI) }

// Whole is a whole number, also where it is written as 2.0: JSON knows one kind of number.
// One that an int cannot hold is the int that is nearest.
type Whole int

// Schema implements huma.SchemaProvider. Without a format it has no bounds.
func (Whole) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: huma.TypeInteger} }

// UnmarshalJSON implements json.Unmarshaler.
func (w *Whole) UnmarshalJSON(data []byte) error {
	var f float64
	if err := json.Unmarshal(data, &f); err != nil {
		return errors.New("want a whole number")
	}
	if f != math.Trunc(f) {
		return fmt.Errorf("%s is no whole number", data)
	}
	switch {
	case f >= math.MaxInt:
		*w = math.MaxInt
	case f <= math.MinInt:
		*w = math.MinInt
	default:
		*w = Whole(f)
	}
	return nil
}

// describeNulls says in the description that null in a field that may be left out counts
// as left out, as clients of many languages write it. It is called once all routes are
// registered.
func describeNulls(o *huma.OpenAPI) {
	for _, item := range o.Paths {
		if item.Post == nil || item.Post.RequestBody == nil {
			continue
		}
		body := resolved(o, item.Post.RequestBody.Content["application/json"].Schema)
		for name, field := range body.Properties {
			if !slices.Contains(body.Required, name) {
				orNull(field)
			}
		}
	}
}

// orNull lets a schema with a type take null too. An enumeration has to name it.
func orNull(s *huma.Schema) {
	if s.Nullable = s.Type != ""; s.Nullable && len(s.Enum) > 0 && !slices.Contains(s.Enum, nil) {
		s.Enum = append(s.Enum, nil)
	}
}
