package main_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// module is the path of this module, the prefix of every import from inside it.
const module = "livechat/"

// arrows says which packages of this module each package may import; tests may
// import any. A name with /... stands for all packages below it. Arrows run
// downward only: a change that needs one more is a question about the design
// first.
var arrows = map[string][]string{
	// web: healthcheck and page; store: export and import; blob and files: the bytes of those;
	// admin: the operator's commands
	"server": {
		"server/admin", "server/blob", "server/config", "server/files", "server/node", "server/store",
		"server/web", "static",
	},
	"server/node": {
		"server/auth", "server/balance", "server/config", "server/chat", "server/wire", "server/room",
		"server/fanout", "server/bus", "server/socket", "server/presence",
		"server/cluster", "server/web", "server/store", "server/account", "server/private",
		"server/archive", "server/api", "static", "server/metrics", "server/limit",
		"server/admin", "server/blob", "server/files", "server/picture", "server/moderation", "server/rooms",
		"server/personal", "server/connections", "server/embedded",
	},
	"server/admin": {
		"server/account", "server/chat", "server/connections", "server/moderation", "server/rooms",
		"server/store",
	},
	"server/balance": {},
	"server/config":  {},
	"server/chat":    {},
	"server/wire":    {"server/chat"},
	"server/room":    {"server/chat", "server/wire", "server/metrics"},
	// chat: positions; wire: pong and close frames
	"server/fanout":     {"server/chat", "server/wire", "server/room", "server/metrics"},
	"server/auth":       {"server/chat", "server/store"},
	"server/bus":        {"server/chat", "server/metrics", "server/outage"},
	"server/moderation": {"server/chat", "server/store", "server/wire", "server/words"},
	"server/words":      {"server/account", "server/chat"}, // account: skeletons
	"server/rooms":      {"server/account", "server/chat", "server/store"},
	"server/socket": {
		"server/chat", "server/wire", "server/room", "server/fanout", "server/metrics", "server/connections",
	},
	"server/presence": {},
	"server/cluster":  {"server/wire"},
	// chat: errors; wire: opcodes and close codes
	"server/connections": {"server/chat", "server/wire"},
	"server/web":         {"server/chat", "server/wire"},
	"server/store":       {"server/chat"},
	"server/limit":       {},
	"server/blob":        {},
	"server/account":     {"server/chat", "server/limit", "server/store"},
	"server/private":     {"server/chat", "server/limit", "server/store"},
	"server/archive":     {"server/chat", "server/outage", "server/store"},
	"server/personal":    {"server/chat", "server/limit", "server/store"},
	"server/files":       {"server/blob", "server/chat", "server/picture", "server/store"},
	"server/api": {
		"server/chat", "server/wire", "server/store", "server/blob", "server/files", "server/picture",
		"server/moderation", "server/connections", "server/limit",
		"server/rooms",
	},
	"server/metrics":  {},
	"server/outage":   {},
	"server/embedded": {},
	"server/picture":  {},
	"static":          {},
	"client":          {"server/chat"},
	"load": {
		"load/experiment", "load/grafana", "load/live", "load/peer", "load/plan", "load/record",
		"load/report", "load/run", "load/verdict", "load/watch", "load/worker",
	},
	"load/experiment": {"load/plan"},
	"load/grafana":    {"load/record", "load/report", "load/run"},
	"load/live":       {"load/plan", "load/record", "load/report", "load/run"},
	"load/peer":       {},
	"load/plan":       {},
	"load/record":     {},
	"load/report":     {"load/record"},
	"load/network":    {"load/plan"},
	"load/rest":       {"client"},
	"load/run":        {"client", "load/network", "load/peer", "load/plan", "load/record", "load/rest"},
	"load/verdict":    {"load/record"},
	"load/watch":      {"internal/procstat", "load/record", "load/run"},
	"load/worker":     {"load/plan", "load/record", "load/run"},
	"bench": {
		"client", "internal/localcluster", "internal/need", "internal/procstat", "internal/testpg",
		"load/record",
	},
	"tools/...":    {"e2e/...", "internal/localcluster", "internal/testpg"},
	"e2e/...":      {"client", "e2e/...", "internal/..."},
	"internal/...": {"internal/..."},
}

// libraries says where a library, named by a prefix of its import path, may be
// imported outside of tests.
var libraries = []struct {
	prefix, reason string
	allowed        []string
}{
	{
		"github.com/gorilla/websocket",
		"only socket and client speak WebSocket",
		[]string{"server/socket", "client", "load/peer", "bench", "e2e/..."},
	},
	{
		"github.com/redis/go-redis",
		"only bus speaks to Redis; the bench compares baselines, and tests move slots",
		[]string{"server/bus", "bench", "internal/testredis"},
	},
	{
		"github.com/alicebob/miniredis",
		"only embedded starts the embedded Redis",
		[]string{"server/embedded", "internal/testredis"},
	},
	{
		"github.com/minio/minio-go", "only blob speaks to S3; tests make a bucket",
		[]string{"server/blob", "internal/tests3"},
	},
	{"github.com/caarlos0/env", "only config reads the environment", []string{"server/config"}},
	{"github.com/prometheus/client_golang", "only metrics speaks to Prometheus, and the load tool",
		[]string{"server/metrics", "load/live"}},
	{"database/sql", "SQL lives in store", []string{"server/store"}},
	{"github.com/jackc/pgx", "SQL lives in store", []string{"server/store"}},
	{"github.com/pressly/goose", "SQL lives in store", []string{"server/store"}},
	{"modernc.org/sqlite", "SQL lives in store", []string{"server/store"}},
	{"golang.org/x/image", "only picture decodes pictures", []string{"server/picture"}},
	{"github.com/gabriel-vasile/mimetype", "only picture says what a file is", []string{"server/picture"}},
}

// socketless are the packages that see neither a socket nor HTTP.
var socketless = []string{"server/chat", "server/room", "server/presence"}

func TestArchitecture(t *testing.T) {
	sources := readSources(t, "..")
	if len(sources) == 0 {
		t.Fatal("found no Go files")
	}
	for _, violation := range append(violations(sources), unused(sources)...) {
		t.Error(violation)
	}
}

// violations returns a sentence for each rule broken by a file.
func violations(sources []source) (all []string) {
	for _, s := range sources {
		if s.test {
			continue
		}
		report := func(format string, args ...any) {
			all = append(all, s.file+": "+fmt.Sprintf(format, args...))
		}
		allowed, known := arrowsOf(s.pkg)
		if !known {
			report("package %s is not in the table of arch_test.go; say there what it may import", s.pkg)
		}
		for _, imported := range s.imports {
			if inside, ok := strings.CutPrefix(imported, module); ok && known && !matches(allowed, inside) {
				report("%s may not import %s; it may import %s", s.pkg, inside, list(allowed))
			}
			for _, library := range libraries {
				if below(imported, library.prefix) && !matches(library.allowed, s.pkg) {
					report("%s may not import %s: %s", s.pkg, imported, library.reason)
				}
			}
			if slices.Contains(socketless, s.pkg) && below(imported, "net") {
				report("%s may not import %s: it never sees a socket", s.pkg, imported)
			}
		}
		if len(s.env) > 0 && below(s.pkg, "server") && s.pkg != "server/config" {
			report("%s may not call %s: only config reads the environment", s.pkg, list(s.env))
		}
	}
	return all
}

// unused returns a sentence for each entry of the tables that grants what no
// file needs: such an entry would let an arrow in that nobody has decided on.
func unused(sources []source) (all []string) {
	report := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	imports := func(pkg, imported string, inside bool) bool {
		return slices.ContainsFunc(sources, func(s source) bool {
			if s.test || !matches([]string{pkg}, s.pkg) {
				return false
			}
			return slices.ContainsFunc(s.imports, func(name string) bool {
				if !inside {
					return below(name, imported)
				}
				name, ok := strings.CutPrefix(name, module)
				return ok && matches([]string{imported}, name)
			})
		})
	}
	for _, row := range slices.Sorted(maps.Keys(arrows)) {
		if !slices.ContainsFunc(sources, func(s source) bool { return matches([]string{row}, s.pkg) }) {
			report("arch_test.go has a row for %s, which does not exist", row)
			continue
		}
		for _, allowed := range arrows[row] {
			if !imports(row, allowed, true) {
				report("arch_test.go lets %s import %s, which it does not", row, allowed)
			}
		}
	}
	for _, library := range libraries {
		for _, pkg := range library.allowed {
			if !imports(pkg, library.prefix, false) {
				report("arch_test.go lets %s import %s, which it does not", pkg, library.prefix)
			}
		}
	}
	return all
}

// arrowsOf returns a package's row in the table: its own, or that of a folder
// above it.
func arrowsOf(pkg string) (allowed []string, known bool) {
	if allowed, known = arrows[pkg]; known {
		return allowed, true
	}
	for name, allowed := range arrows {
		if matches([]string{name}, pkg) {
			return allowed, true
		}
	}
	return nil, false
}

// matches reports whether one of the patterns is pkg or, with /... at its end,
// pkg or a folder above it.
func matches(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		folder, whole := strings.CutSuffix(pattern, "/...")
		return pattern == pkg || whole && below(pkg, folder)
	})
}

// below reports whether name, an import path or a folder, is prefix or continues
// it after a slash.
func below(name, prefix string) bool {
	return name == prefix || strings.HasPrefix(name, prefix+"/")
}

func list(names []string) string {
	if len(names) == 0 {
		return "nothing from here"
	}
	return strings.Join(names, ", ")
}
