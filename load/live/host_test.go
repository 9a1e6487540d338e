package live

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// A site whose name was made to lead here reads nothing of the run.
func TestOtherHostsAreRefused(t *testing.T) {
	l := start(t)
	l.Tell(second(1, 7))
	for _, path := range []string{"/", "/metrics", "/events"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "evil.example:7700"
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(io.LimitReader(answer.Body, int64(len(wrongHost)+1))) // a stream does not end
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusMisdirectedRequest || string(text) != wrongHost+"\n" {
			t.Errorf("%s: %s, %q, %v", path, answer.Status, text, err)
		}
	}
}

func TestHosts(t *testing.T) {
	for _, test := range []struct {
		listen, host string
		want         bool
	}{
		{"127.0.0.1:7700", "127.0.0.1:7700", true},
		{":7700", "192.0.2.7:7700", true},
		{":7700", "192.0.2.7", true},
		{":7700", "[::1]:7700", true},
		{":7700", "[fe80::1]", true},
		{":7700", "localhost:7700", true},
		{":7700", "LocalHost.:80", true},
		{":7700", "host.docker.internal:7700", true},
		{"Box.example:7700", "box.example:7700", true},
		{"box.example:7700", "evil.box.example:7700", false},
		{":7700", "evil.example:7700", false},
		{":7700", "127.0.0.1.evil.example", false},
		{":7700", "localhost.evil.example:7700", false},
		{":7700", "", false},
		{":7700", ":7700", false},
	} {
		l := &Server{host: hostOf(test.listen)}
		if got := l.shownAt(test.host); got != test.want {
			t.Errorf("-listen %s, Host %q: %v, want %v", test.listen, test.host, got, test.want)
		}
	}
}

// The Prometheus of the compose file scrapes by a name that is let in.
func TestPrometheusIsLetIn(t *testing.T) {
	text, err := os.ReadFile("../../docker/observe/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), `"`+dockerHost+`:7700"`) {
		t.Errorf("prometheus.yml does not scrape %s:7700", dockerHost)
	}
}
