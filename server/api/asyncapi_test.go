package api

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"livechat/server/wire"
)

// sockets is the part of AsyncAPI that asyncapi.json uses.
type sockets struct {
	AsyncAPI string
	Channels map[string]struct {
		Address  string
		Messages map[string]ref
	}
	Operations map[string]struct {
		Action   string
		Channel  ref
		Messages []ref
	}
	Components struct {
		Messages map[string]struct {
			Payload  ref
			Examples []struct{ Payload json.RawMessage }
		}
		Schemas map[string]struct {
			Type       string
			Required   []string
			Properties map[string]struct{ Const any }
		}
	}
	CloseCodes map[string]struct{ Reason, Client string } `json:"x-close-codes"`
}

type ref struct {
	Ref string `json:"$ref"`
}

func (r ref) name() string { return r.Ref[strings.LastIndex(r.Ref, "/")+1:] }

func readSockets(t *testing.T) (s sockets) {
	t.Helper()
	if err := json.Unmarshal(asyncAPI, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// frames returns the structs of wire whose fields all have JSON names. All
// frames are among them.
func frames(t *testing.T) map[string]*ast.StructType {
	t.Helper()
	all := map[string]*ast.StructType{}
	eachFile(t, func(f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.IsExported() && spec.Name.Name != "Problem" {
				if s, ok := spec.Type.(*ast.StructType); ok && len(s.Fields.List) > 0 &&
					s.Fields.List[0].Tag != nil {
					all[spec.Name.Name] = s
				}
			}
			return true
		})
	})
	return all
}

func eachFile(t *testing.T, f func(*ast.File)) {
	t.Helper()
	files, err := os.ReadDir("../wire")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := file.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			parsed, err := parser.ParseFile(token.NewFileSet(), "../wire/"+name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			f(parsed)
		}
	}
}

// Each frame of wire is described, with all of its fields and which of them may
// be missing.
func TestAsyncAPIDescribesAllFrames(t *testing.T) {
	s := readSockets(t)
	all := frames(t)
	if len(all) < 12 {
		t.Fatalf("only %d structs were found in wire", len(all))
	}
	for name, frame := range all {
		schema, ok := s.Components.Schemas[name]
		if !ok {
			t.Errorf("wire.%s is not described", name)
			continue
		}
		var fields, required []string
		for _, field := range frame.Fields.List {
			tag, _ := strconv.Unquote(field.Tag.Value)
			key, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			fields = append(fields, key)
			if options == "" {
				required = append(required, key)
			}
			if key == "type" {
				word := strings.Trim(strings.TrimSpace(field.Comment.Text()), `"`)
				if schema.Properties["type"].Const != word {
					t.Errorf("the type of wire.%s is %q, described as %v", name, word,
						schema.Properties["type"].Const)
				}
				if _, ok := s.Components.Messages[word]; !ok {
					t.Errorf("no message %s", word)
				}
			}
		}
		slices.Sort(fields)
		if described := slices.Sorted(maps.Keys(schema.Properties)); !slices.Equal(described, fields) {
			t.Errorf("wire.%s has %q, described are %q", name, fields, described)
		}
		if !slices.Equal(schema.Required, required) {
			t.Errorf("wire.%s always has %q, described are %q", name, required, schema.Required)
		}
	}
}

// All requests and events are on their channel.
func TestAsyncAPIChannels(t *testing.T) {
	s := readSockets(t)
	if s.AsyncAPI != "3.0.0" {
		t.Errorf("AsyncAPI %s, want 3.0.0", s.AsyncAPI)
	}
	for name, address := range map[string]string{"room": "/ws", "feed": "/feed", "cluster": "/cluster"} {
		if got := s.Channels[name].Address; got != address {
			t.Errorf("the address of %s is %q", name, got)
		}
	}
	for channel, name := range map[string]string{"say": "room", "type": "room", "eventMessage": "feed",
		"eventEdit": "feed", "eventDelete": "feed",
		"eventReactions": "feed", "eventRead": "feed", "eventChat": "feed"} {
		if _, ok := s.Channels[name].Messages[channel]; !ok {
			t.Errorf("%s is not on %s", channel, name)
		}
	}
	used := map[string]bool{}
	for name, c := range s.Channels {
		var operated []string
		for _, o := range s.Operations {
			if o.Channel.name() == name {
				for _, m := range o.Messages {
					operated = append(operated, m.name())
				}
			}
		}
		slices.Sort(operated)
		if messages := slices.Sorted(maps.Keys(c.Messages)); !slices.Equal(messages, operated) {
			t.Errorf("%s has the messages %q and operations with %q", name, messages, operated)
		}
		for _, m := range c.Messages {
			used[m.name()] = true
		}
	}
	for name := range s.Components.Messages {
		if !used[name] {
			t.Errorf("%s is on no channel", name)
		}
	}
}

// Every $ref of asyncapi.json resolves.
func TestAsyncAPIReferencesResolve(t *testing.T) {
	var all any
	if err := json.Unmarshal(asyncAPI, &all); err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`"\$ref": "#/([^"]+)"`).FindAllStringSubmatch(string(asyncAPI),
		-1) {
		at := all
		for step := range strings.SplitSeq(match[1], "/") {
			members, _ := at.(map[string]any)
			at = members[step]
		}
		if at == nil {
			t.Errorf("unresolved reference %s", match[1])
		}
	}
}

// The close codes of wire, with their reasons, are exactly the described ones.
func TestAsyncAPIDescribesCloseCodes(t *testing.T) {
	s := readSockets(t)
	var sent []string
	eachFile(t, func(f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				return true
			}
			if kind, ok := v.Type.(*ast.Ident); ok && kind.Name == "CloseCode" {
				code := v.Values[0].(*ast.BasicLit).Value
				number, err := strconv.ParseUint(code, 10, 16)
				if err != nil {
					t.Fatal(err)
				}
				sent = append(sent, code)
				if got, ok := s.CloseCodes[code]; !ok || got.Reason != wire.CloseCode(number).String() ||
					got.Client == "" {
					t.Errorf("%s %q is described as %+v", code, wire.CloseCode(number), got)
				}
			}
			return true
		})
	})
	slices.Sort(sent)
	if described := slices.Sorted(maps.Keys(s.CloseCodes)); len(sent) == 0 || !slices.Equal(sent, described) {
		t.Errorf("sent: %q, described: %q", sent, described)
	}
}
