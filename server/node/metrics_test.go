package node

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"livechat/internal/poll"
)

// scrape returns the node's metrics: name{label="value"} to value.
func scrape(t *testing.T, n *Node) map[string]float64 {
	t.Helper()
	resp, err := http.Get("http://" + n.MetricsAddr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	values := map[string]float64{}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), " "); ok && name != "#" {
			if values[name], err = strconv.ParseFloat(value, 64); err != nil {
				t.Errorf("metric %q", lines.Text())
			}
		}
	}
	return values
}

// The metrics show what happened.
func TestMetrics(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		n := start(t, "REDIS_URL="+url)
		ann, bob := dialAs(t, n, annKey), dial(t, n)
		const id = "00000000-0000-4000-8000-000000000001"
		for range 2 {
			ann.send(`{"type":"message","id":"` + id + `","text":"hello"}`)
			ann.next("ack")
		}
		ann.send(`{"type":"message","id":"` + id + `","text":"something else"}`)
		ann.next("error")
		ann.send("again")
		for range 2 {
			bob.next("message")
		}
		eve := dial(t, n, "after="+ann.welcome.Epoch+":1")
		if got := eve.next("message"); got.Seq != 2 {
			t.Fatalf("the resumed client received %d", got.Seq)
		}
		dial(t, n, "after=0000000000000000:1")
		bob.Close()

		want := map[string]float64{
			`livechat_connections`:                                   3,
			`livechat_rooms`:                                         1,
			`livechat_ready`:                                         1,
			`livechat_servers`:                                       1,
			`livechat_joins_total{how="new"}`:                        2,
			`livechat_joins_total{how="ring"}`:                       1,
			`livechat_joins_total{how="unknown"}`:                    1,
			`livechat_closed_total{code="none"}`:                     1,
			`livechat_messages_received_total{result="taken"}`:       2,
			`livechat_messages_received_total{result="duplicate"}`:   1,
			`livechat_messages_received_total{result="id_conflict"}`: 1,
			`livechat_subscription_messages_total`:                   2,
			`livechat_slow_clients`:                                  0,
			`livechat_redis_links_lost_total`:                        0,
			`livechat_publish_messages_sum`:                          4,
			`livechat_received_bytes_total`: float64(
				2*len(`{"type":"message","id":"`+id+`","text":"hello"}`) + len(
					`{"type":"message","id":"`+id+`","text":"something else"}`,
				) + len("again"),
			),
		}
		var wrong []string
		poll.Until(t, "what has been counted", func() bool {
			got := scrape(t, n)
			wrong = nil
			for name, value := range want {
				if got[name] != value {
					wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", name, got[name], value))
				}
			}
			for _, some := range []string{"livechat_deliveries_total", "livechat_writes_total",
				"livechat_sent_bytes_total", "livechat_pass_seconds_count",
				"livechat_pass_frames_count", "livechat_publish_seconds_count",
				"livechat_cluster_connections", "go_goroutines"} {
				if got[some] <= 0 {
					wrong = append(wrong, some+" is 0")
				}
			}
			if len(wrong) > 0 {
				t.Log(wrong)
			}
			return len(wrong) == 0
		})
	})
}

// Each delivery is counted: one message for four clients counts as four.
func TestMetricsOfDeliveries(t *testing.T) {
	n := start(t, "MESSAGE_RATE=0")
	speaker := dial(t, n)
	all := []*peer{speaker, dial(t, n), dial(t, n), dial(t, n)}
	for i := range 12 {
		speaker.send(fmt.Sprint("message ", i))
		for _, p := range all {
			p.next("message")
		}
	}
	before := scrape(t, n)
	speaker.send("one more")
	for _, p := range all {
		p.next("message")
	}
	poll.Until(t, "four more deliveries", func() bool {
		after := scrape(t, n)
		return after["livechat_deliveries_total"]-before["livechat_deliveries_total"] >= 4 &&
			after["livechat_subscription_messages_total"] == 13
	})
}

func TestProfiles(t *testing.T) {
	n := start(t)
	for path, want := range map[string]int{"/debug/pprof/": 200, "/debug/pprof/goroutine?debug=1": 200,
		"/debug/pprof/heap": 200, "/": 404} {
		resp, err := http.Get("http://" + n.MetricsAddr() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want || len(body) == 0 {
			t.Errorf("%s: %s with %d bytes", path, resp.Status, len(body))
		}
	}
	public, err := http.Get("http://" + n.Addr() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	public.Body.Close()
	if public.StatusCode != http.StatusNotFound {
		t.Errorf("metrics on the public port: %s", public.Status)
	}
}

func TestMetricsOff(t *testing.T) {
	first := start(t)
	// the server runs without metrics
	if second := start(t, "METRICS_ADDR="+first.MetricsAddr()); second.MetricsAddr() != "" {
		t.Errorf("two servers have metrics on %s", second.MetricsAddr())
	}
	if n := start(t, "METRICS_ADDR=off"); n.MetricsAddr() != "" {
		t.Errorf("there are metrics on %s", n.MetricsAddr())
	}
}
