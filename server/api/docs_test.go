package api

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"livechat/server/chat"
)

// Whatever one account writes for another is refused after a block.
func TestBlocksAreDocumented(t *testing.T) {
	var spec struct {
		Paths map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(openAPI, &spec); err != nil {
		t.Fatal(err)
	}
	for path, method := range map[string]string{
		"/chats/": "post", "/chats/{id}/messages/": "post", "/chats/{id}/messages/{message}/": "patch",
		"/chats/{id}/messages/{message}/reactions/{emoji}/": "put",
	} {
		var route struct {
			Responses map[string]struct{ Description string }
		}
		if err := json.Unmarshal(spec.Paths[path][method], &route); err != nil {
			t.Fatal(path, err)
		}
		for _, code := range []chat.Code{chat.CodeCannotWrite, chat.CodeBlocking} {
			if text := route.Responses["403"].Description; !strings.Contains(text, string(code)+":") {
				t.Errorf("%s %s does not explain %s with 403: %q", method, path, code, text)
			}
		}
	}
}

// openapi.json has exactly the routes that are served.
func TestOpenAPIDescribesTheRoutes(t *testing.T) {
	var description struct {
		OpenAPI string
		Paths   map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(openAPI, &description); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(description.OpenAPI, "3.1.") {
		t.Errorf("OpenAPI %s, want 3.1", description.OpenAPI)
	}
	var described, served []string
	for path, methods := range description.Paths {
		for method := range methods {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}
	for _, r := range (&api{}).routes() {
		served = append(served, r.method+" "+r.path)
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described: %q\nserved:    %q", described, served)
	}
}

// Every $ref resolves, and every component is used.
func TestOpenAPIReferencesResolve(t *testing.T) {
	var all any
	if err := json.Unmarshal(openAPI, &all); err != nil {
		t.Fatal(err)
	}
	components := all.(map[string]any)["components"].(map[string]any)
	named := map[string]bool{}
	for _, match := range regexp.MustCompile(`"\$ref": "#/components/([^"]+)"`).FindAllSubmatch(openAPI, -1) {
		named[string(match[1])] = true
	}
	for name := range named {
		kind, one, _ := strings.Cut(name, "/")
		if group, _ := components[kind].(map[string]any); group[one] == nil {
			t.Errorf("unresolved reference %s", name)
		}
	}
	for kind, group := range components {
		for one := range group.(map[string]any) {
			if kind != "securitySchemes" && !named[kind+"/"+one] {
				t.Errorf("%s/%s is not used", kind, one)
			}
		}
	}
}

// Generators derive one type from each component, whatever its kind, and ignore
// case when they do.
func TestComponentNamesAreUniqueAcrossKinds(t *testing.T) {
	var description struct {
		Components map[string]map[string]json.RawMessage
	}
	if err := json.Unmarshal(openAPI, &description); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for kind, group := range description.Components {
		for name := range group {
			key := strings.ToLower(name)
			if other := kinds[key]; other != "" {
				t.Errorf("%s is a name in both %s and %s", name, other, kind)
			}
			kinds[key] = kind
		}
	}
}

// The statuses of the examples and of common mistakes are described.
func TestOpenAPIDescribesStatuses(t *testing.T) {
	var s spec
	if err := json.Unmarshal(openAPI, &s); err != nil {
		t.Fatal(err)
	}
	for _, r := range (&api{}).routes() {
		op, err := s.operation(r.method, r.path)
		if err != nil {
			t.Fatal(err)
		}
		example := examples[r.method+" "+r.path]
		wanted := []int{example.status}
		switch r.method {
		case "OPTIONS":
		case "GET":
			if !strings.HasSuffix(r.path, "/export/") { // which has no ETag
				wanted = append(wanted, 304)
			}
		default:
			wanted = append(wanted, 400, 403, 413, 415)
		}
		if public := op.Security != nil && len(*op.Security) == 0; public != example.guest {
			t.Errorf("%s %s: described as public: %v, is: %v", r.method, r.path, public, example.guest)
		}
		if !example.guest {
			wanted = append(wanted, 401)
		}
		if strings.Contains(r.path, "{id}") {
			wanted = append(wanted, 404)
		}
		for _, status := range wanted {
			if answer, ok := op.Responses[strconv.Itoa(status)]; !ok || answer.Description == "" {
				t.Errorf("%s %s: %d is not described", r.method, r.path, status)
			}
		}
	}
}

func TestDocsPage(t *testing.T) {
	s := newSite(t, nil)
	if got := s.ask(nil, "GET", "/api/v1/openapi.json", "").Body.String(); got != string(openAPI) {
		t.Error("openapi.json is not served as it is")
	}
	if got := s.ask(nil, "GET", "/api/v1/asyncapi.json", "").Body.String(); got != string(asyncAPI) {
		t.Error("asyncapi.json is not served as it is")
	}
	w := s.ask(nil, "GET", "/api/v1/docs/", "")
	page := w.Body.String()
	if w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("Content-Type %q", w.Header().Get("Content-Type"))
	}
	for _, r := range (&api{}).routes() {
		if part := `<code>` + r.method + ` /api/v1` + r.path + `</code>`; !strings.Contains(page, part) {
			t.Errorf("no %s on the page", part)
		}
	}
	for _, part := range []string{"<script", "http://", "https://", " style=", "&lt;no value", "<no value>",
		"ZgotmplZ", "%!"} {
		if strings.Contains(page, part) {
			t.Errorf("the page has %s", part)
		}
	}
	policy := regexp.MustCompile(`^default-src 'none'; .*style-src 'sha256-[A-Za-z0-9+/]{43}='$`)
	if got := w.Header().Get("Content-Security-Policy"); !policy.MatchString(got) {
		t.Errorf("Content-Security-Policy %s", got)
	}
	for _, file := range []string{"openapi.json", "asyncapi.json"} {
		if !strings.Contains(page, `href="/api/v1/`+file+`"`) {
			t.Errorf("the page has no link to %s", file)
		}
	}
	ids := map[string]bool{}
	for _, match := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[match[1]] {
			t.Errorf("duplicate id %s", match[1])
		}
		ids[match[1]] = true
	}
	for _, match := range regexp.MustCompile(` href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !ids[match[1]] {
			t.Errorf("#%s has no target", match[1])
		}
	}
}
