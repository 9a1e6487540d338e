package main_test

import (
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// Each case is one file and a part of what must be reported about it; empty if
// nothing is wrong.
func TestArchitectureRules(t *testing.T) {
	for _, test := range []struct{ file, imports, body, want string }{
		{"server/room/a.go", `"livechat/server/chat"; "livechat/server/wire"; "sync"`, "", ""},
		{"server/main.go", `"livechat/server/node"; "os/signal"; "os"`, "func f() { os.Exit(1) }", ""},
		{
			"server/node/a.go", `"livechat/server/socket"; "livechat/static"`, "", "",
		},
		{"e2e/chaos/a.go", `"livechat/client"; "os"`, "func f() { os.Environ() }", ""},
		{"tools/cluster/main.go", `"livechat/internal/localcluster"`, "", ""},
		{"bench/main.go", `"livechat/internal/localcluster"; "livechat/client"`, "", ""},

		{
			"server/chat/a.go", `"livechat/server/wire"`, "",
			"server/chat may not import server/wire; it may import nothing from here",
		},
		{
			"server/fanout/a.go", `"livechat/server/bus"`, "",
			"server/fanout may not import server/bus; " +
				"it may import server/chat, server/wire, server/room, server/metrics",
		},
		{"server/socket/a.go", `"livechat/server/web"`, "", "may not import server/web"},
		{"server/main.go", `"livechat/server/bus"`, "", "server may not import server/bus"},
		{"client/a.go", `"livechat/server/room"`, "", "client may not import server/room"},
		{"e2e/chaos/a.go", `"livechat/server/node"`, "", "e2e/chaos may not import server/node"},
		{
			"load/watch/a.go", `"livechat/internal/localcluster"`, "",
			"load/watch may not import internal/localcluster",
		},
		{"load/watch/a.go", `"livechat/internal/procstat"`, "", ""},
		{"server/config/a.go", `"livechat/static"`, "", "may not import static"},
		{"server/newcomer/a.go", ``, "", "package server/newcomer is not in the table"},
		{"server/room/sub/a.go", ``, "", "package server/room/sub is not in the table"},
		{"servers/a.go", ``, "", "package servers is not in the table"},

		{"client/a.go", `"github.com/gorilla/websocket"`, "", ""},
		{"e2e/chaos/a.go", `"github.com/gorilla/websocket"`, "", ""},
		{"server/socket/a.go", `"github.com/gorilla/websocket"`, "", ""},
		{"server/web/a.go", `"github.com/gorilla/websocket"`, "", "only socket and client speak WebSocket"},
		{"server/web/a_test.go", `"github.com/gorilla/websocket"`, "", ""},
		{"server/bus/a.go", `"github.com/redis/go-redis/v9"`, "", ""},
		{"server/node/a.go", `"github.com/redis/go-redis/v9"`, "", "only bus speaks to Redis"},
		{"server/presence/a.go", `"github.com/redis/go-redis/v9/internal/x"`, "", "only bus speaks to Redis"},
		{"server/node/a_test.go", `"github.com/redis/go-redis/v9"`, "", ""},
		{"server/bus/a.go", `"github.com/alicebob/miniredis/v2"`, "", "only embedded starts"},
		{"server/embedded/a.go", `"github.com/alicebob/miniredis/v2"`, "", ""},
		{"server/bus/a_test.go", `"github.com/alicebob/miniredis/v2"`, "", ""},
		{
			"server/room/a.go", `"github.com/prometheus/client_golang/prometheus"`, "",
			"only metrics speaks to Prometheus",
		},
		{"server/web/a.go", `"database/sql"`, "", "SQL lives in store"},
		{"server/web/a.go", `"database/sql/driver"`, "", "SQL lives in store"},
		{"server/node/a.go", `"github.com/jackc/pgx/v5"`, "", "SQL lives in store"},
		{"server/node/a.go", `"modernc.org/sqlite"`, "", "SQL lives in store"},
		{"server/bus/a.go", `"livechat/internal/need"`, "", "server/bus may not import internal/need"},
		{"server/bus/a_test.go", `"livechat/internal/need"`, "", ""},
		{"internal/testredis/a.go", `"livechat/internal/need"; "os"`, "", ""},
		{"internal/testredis/a.go", `"livechat/server/bus"`, "", "internal/testredis may not import server/bus"},

		{"server/room/a.go", `"net"`, "", "never sees a socket"},
		{"server/room/a.go", `"net/http"`, "", "never sees a socket"},
		{"server/presence/a.go", `"net"`, "", "never sees a socket"},
		{"server/fanout/a.go", `"net"`, "", ""},
		{"server/room/a.go", `"network"`, "", ""},

		{"server/config/a.go", `"github.com/caarlos0/env/v11"; "os"`, "var x = os.Environ()", ""},
		{"server/node/a.go", `"github.com/caarlos0/env/v11"`, "", "only config reads the environment"},
		{"server/main.go", `"os"`, "var x = os.Environ()", "server may not call os.Environ"},
		{"server/node/a.go", `"os"`, `func f() { if os.Getenv("X") == "" { return } }`, "may not call os.Getenv"},
		{"server/node/a.go", `"os"`, `var f = os.LookupEnv`, "may not call os.LookupEnv"},
		{"server/bus/a_test.go", `"os"`, `var x = os.Getenv("X")`, ""},
	} {
		text := "package p\nimport (" + test.imports + ")\n" + test.body
		parsed, err := parser.ParseFile(token.NewFileSet(), path.Base(test.file), text, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(violations([]source{inspect(test.file, parsed)}), "\n")
		if test.want == "" && got != "" || !strings.Contains(got, test.want) ||
			test.want != "" && !strings.HasPrefix(got, test.file+": ") {
			t.Errorf("%s with %s %s: got %q, want %q", test.file, test.imports, test.body, got, test.want)
		}
	}
}

// An entry of the tables that nothing uses is reported, and each one that a
// file uses is not.
func TestUnusedRows(t *testing.T) {
	sources := readSources(t, "..")
	without := slices.DeleteFunc(
		slices.Clone(sources),
		func(s source) bool { return s.pkg == "server/limit" || s.pkg == "server/store" },
	)
	got := strings.Join(unused(without), "\n")
	for _, want := range []string{
		"arch_test.go has a row for server/limit, which does not exist",
		"arch_test.go lets server/store import database/sql, which it does not",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
