package node

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/wire"
)

// A server that has the API only has no clients and never will. It must not keep
// the servers with sockets from balancing, nor be counted as one.
func TestAPIServerIsNotCountedAsServerWithSockets(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	redis := "REDIS_URL=" + r.URL
	full, empty := start(t, redis, "ROLE=ws"), start(t, redis, "ROLE=ws", "APPID=2000")
	api := start(t, redis, "ROLE=api", "APPID=3000")
	poll.Until(t, "every server knows all servers", func() bool {
		return len(full.presence.Nodes()) == 3 && len(empty.presence.Nodes()) == 3 &&
			len(api.presence.Nodes()) == 3
	})

	s := openWatcher(t, full)
	s.until("the cluster page shows who takes sockets",
		func(f wire.Cluster) bool { return states(f) == "1000:ready 2000:ready" })
	for _, n := range []*Node{full, empty, api} {
		if servers := n.presence.Servers(); len(servers) != 2 || servers[0].Role != "ws" ||
			servers[1].Role != "ws" {
			t.Errorf("server %s knows %+v", n.cfg.Server.App, servers)
		}
		metrics := scrape(t, n)
		if known := metrics["livechat_servers"]; known != 2 {
			t.Errorf("server %s says that there are %v", n.cfg.Server.App, known)
		}
		if _, ok := metrics["livechat_connections"]; ok == (n == api) { // the API's 0 would look out of balance
			t.Errorf("server %s counts connections: %v", n.cfg.Server.App, ok)
		}
	}

	var asked atomic.Int64
	for i := range 40 {
		ann := dial(t, full, fmt.Sprint("name=ann", i), "history=0")
		go func() {
			for {
				_, b, err := ann.ReadMessage()
				if err != nil {
					return
				}
				var e event
				if json.Unmarshal(b, &e) == nil && e.Type == "reconnect" {
					asked.Add(1)
				}
			}
		}()
	}
	poll.Until(t, "clients are asked to move", func() bool { return asked.Load() > 0 })
}
