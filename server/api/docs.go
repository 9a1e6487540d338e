package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // openapi.json and its page
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

//go:embed openapi.json
var openAPI []byte

//go:embed asyncapi.json
var asyncAPI []byte

//go:embed docs.html
var docsPage string

// spec is the part of OpenAPI that openapi.json uses and the page shows.
type spec struct {
	Info struct {
		Title       string `json:"title"`
		Summary     string `json:"summary"`
		Description string `json:"description"`
	} `json:"info"`
	Tags       []tag                                `json:"tags"`
	Paths      map[string]map[string]jsontext.Value `json:"paths"`
	Components struct {
		Parameters map[string]parameter `json:"parameters"`
		Responses  map[string]response  `json:"responses"`
		Schemas    map[string]schema    `json:"schemas"`
	} `json:"components"`
}

type tag struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

type operation struct {
	ID          string                       `json:"operationId"`
	Tags        []string                     `json:"tags"`
	Summary     string                       `json:"summary"`
	Description string                       `json:"description"`
	Security    *[]map[string]jsontext.Value `json:"security"` // empty: no session required
	Parameters  []parameter                  `json:"parameters"`
	RequestBody struct {
		Content content `json:"content"`
	} `json:"requestBody"`
	Responses map[string]response `json:"responses"`
}

type parameter struct {
	Ref         string `json:"$ref"`
	Name        string `json:"name"`
	In          string `json:"in"`
	Description string `json:"description"`
	Required    bool   `json:"required"`
	Schema      schema `json:"schema"`
}

type response struct {
	Ref         string  `json:"$ref"`
	Description string  `json:"description"`
	Content     content `json:"content"`
}

type content map[string]struct {
	Schema schema `json:"schema"`
}

// JSON returns the schema of the body, or nil.
func (c content) JSON() *schema {
	if one, ok := c["application/json"]; ok {
		return &one.Schema
	}
	return nil
}

type schema struct {
	Ref         string            `json:"$ref"`
	Type        string            `json:"type"`
	Format      string            `json:"format"`
	Description string            `json:"description"`
	Required    []string          `json:"required"`
	Properties  map[string]schema `json:"properties"`
	Items       *schema           `json:"items"`
	OneOf       []schema          `json:"oneOf"`
}

// Target returns the name of the schema that this one refers to, or "".
func (s schema) Target() string {
	ref := s.Ref
	if s.Items != nil {
		ref = s.Items.Ref
	}
	if len(s.OneOf) > 0 {
		ref = s.OneOf[0].Ref
	}
	return strings.TrimPrefix(ref, "#/components/schemas/")
}

// Kind describes the value in one or two words.
func (s schema) Kind() string {
	switch {
	case s.Items != nil && s.Target() != "":
		return "list of " + s.Target()
	case len(s.OneOf) > 0:
		return s.Target() + " or null"
	case s.Target() != "":
		return s.Target()
	}
	return strings.TrimSpace(s.Type + " " + s.Format)
}

// Members returns the names of the properties, required ones first in their
// order.
func (s schema) Members() []string {
	names := slices.Clone(s.Required)
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Needs reports whether a member is required.
func (s schema) Needs(member string) bool { return slices.Contains(s.Required, member) }

// section is a part of the page.
type section struct {
	Title string
	Ops   []pageOp
}

type pageOp struct {
	operation
	Method, Path string
	Public       bool
}

// description is the answer with one of the two descriptions.
func description(text []byte) document {
	return document{contentType: "application/json", body: text}
}

func (a *api) serveDocs(w http.ResponseWriter, r *http.Request) error {
	page, err := a.docs()
	if err != nil {
		return err
	}
	return page.serve(w, r)
}

// docsOf returns the page about these routes, made out of openapi.json.
func docsOf(routes []route) (document, error) {
	var s spec
	if err := json.Unmarshal(openAPI, &s); err != nil {
		return document{}, fmt.Errorf("read openapi.json: %w", err)
	}
	sections, err := s.sections(routes)
	if err != nil {
		return document{}, fmt.Errorf("read openapi.json: %w", err)
	}
	page, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return document{}, fmt.Errorf("parse docs.html: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, map[string]any{
		"Info": s.Info, "Paragraphs": strings.Split(s.Info.Description, "\n\n"), "Base": base,
		"Sections": sections, "Schemas": s.Components.Schemas,
	}); err != nil {
		return document{}, fmt.Errorf("render docs.html: %w", err)
	}
	return document{contentType: "text/html; charset=utf-8", policy: pagePolicy(out.Bytes()),
		body: out.Bytes()}, nil
}

// sections groups the operations by tag, in the order of the routes.
func (s *spec) sections(routes []route) ([]section, error) {
	all := make([]section, len(s.Tags))
	for i, t := range s.Tags {
		all[i].Title = t.Description
	}
	for _, r := range routes {
		op, err := s.operation(r.method, r.path)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
		i := slices.IndexFunc(s.Tags, func(t tag) bool { return slices.Contains(op.Tags, t.Name) })
		if i < 0 {
			return nil, fmt.Errorf("%s %s has no known tag", r.method, r.path)
		}
		all[i].Ops = append(all[i].Ops,
			pageOp{operation: op, Method: r.method, Path: r.path, Public: op.Security != nil &&
				len(*op.Security) == 0})
	}
	return all, nil
}

// operation parses one operation and resolves its references.
func (s *spec) operation(method, path string) (op operation, err error) {
	text, ok := s.Paths[path][strings.ToLower(method)]
	if !ok {
		return op, errors.New("not described")
	}
	if err := json.Unmarshal(text, &op); err != nil {
		return op, err
	}
	if shared, ok := s.Paths[path]["parameters"]; ok {
		var parameters []parameter
		if err := json.Unmarshal(shared, &parameters); err != nil {
			return op, err
		}
		op.Parameters = append(parameters, op.Parameters...)
	}
	for i, p := range op.Parameters {
		if name, ok := strings.CutPrefix(p.Ref, "#/components/parameters/"); ok {
			if op.Parameters[i], ok = s.Components.Parameters[name]; !ok {
				return op, fmt.Errorf("unknown parameter %s", name)
			}
		}
	}
	for status, answer := range op.Responses {
		if name, ok := strings.CutPrefix(answer.Ref, "#/components/responses/"); ok {
			if op.Responses[status], ok = s.Components.Responses[name]; !ok {
				return op, fmt.Errorf("unknown response %s", name)
			}
		}
	}
	return op, nil
}

var styleElement = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

// pagePolicy returns a policy that allows the page its own style, by hash, and
// nothing else.
func pagePolicy(page []byte) string {
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	for _, style := range styleElement.FindAllSubmatch(page, -1) {
		hash := sha256.Sum256(style[1])
		policy += "; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
	}
	return policy
}
