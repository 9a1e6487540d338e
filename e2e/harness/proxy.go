package harness

import (
	"livechat/e2e/faultproxy"
	"livechat/internal/localcluster"
	"testing"
)

// StartBehindProxy starts a cluster whose first n servers reach Redis through
// the proxy.
func StartBehindProxy(t *testing.T, n int) (*localcluster.Cluster, *faultproxy.Proxy) {
	t.Helper()
	var proxy *faultproxy.Proxy
	c := Start(t, localcluster.Options{RedisVia: func(i int, redis string) (string, error) {
		if i >= n {
			return redis, nil
		}
		if i == 0 {
			p, err := faultproxy.Listen(redis)
			if err != nil {
				return "", err
			}
			t.Cleanup(func() { p.Close() })
			proxy = p
		}
		return proxy.Addr(), nil
	}})
	// The proxy has to be healed before the cluster is stopped, because a
	// draining server needs Redis.
	t.Cleanup(proxy.Heal)
	return c, proxy
}
