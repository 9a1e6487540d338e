package grafana

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/load/record"
	"livechat/load/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stand is an HTTP server that plays Grafana's API for annotations, as Grafana's
// documentation describes it.
type stand struct {
	*httptest.Server
	status int // of answers

	mu    sync.Mutex
	got   []annotation
	token string
}

func newStand(t *testing.T, status int) *stand {
	t.Helper()
	s := &stand{status: status}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var one annotation
		if err := json.NewDecoder(r.Body).Decode(&one); err != nil || r.Method != http.MethodPost ||
			r.URL.Path != "/sub/api/annotations" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		s.got, s.token = append(s.got, one), r.Header.Get("Authorization")
		w.Header().Set("Location", "/login")
		w.WriteHeader(s.status)
		_, _ = w.Write([]byte(`{"message":"Annotation added","id":1}`))
	}))
	t.Cleanup(s.Close)
	return s
}

// Everything that happened is posted once, with its time, and without secrets.
func TestAnnotations(t *testing.T) {
	s := newStand(t, http.StatusOK)
	a := Begin(s.URL+"/sub", "abc", "kill", []string{"-clients", "5", "-url", "ws://ann:hidden@h"})
	began := time.Now().Truncate(time.Second)
	a.Tell(run.Live{Began: began, Marks: []record.Mark{{At: 1, Text: "messages begin"}}})
	a.Tell(run.Live{Began: began, Marks: []record.Mark{{At: 2.5, Text: "killed: curl --token hidden <b>"}}})
	result := &record.Run{Began: began, Complete: true, Verdict: []string{"2 deliveries were lost"},
		Marks: []record.Mark{{At: 1, Text: "messages begin"},
			{At: 2.5, Text: "killed: curl --token hidden <b>"}, {At: 4, Text: "messages end"}}}
	result.Redact()
	a.Finish(result)
	a.Fail(errors.New("it has failed, which is known"))
	a.Close()
	want := []string{"begins: load -clients 5 -url ws://***@h", "messages begin",
		"killed: curl --token *** &lt;b&gt;", "messages end",
		"failed: 2 deliveries were lost\nload -clients 5 -url ws://***@h"}
	var texts []string
	for _, one := range s.got {
		texts = append(texts, one.Text)
		if !slices.Contains(one.Tags, Tag) || !slices.Contains(one.Tags, "scenario:kill") {
			t.Errorf("%q has the tags %q", one.Text, one.Tags)
		}
	}
	if !slices.Equal(texts, want) {
		t.Fatalf("%q\nwant %q", texts, want)
	}
	if mark := s.got[2]; mark.Time != began.UnixMilli()+2500 || mark.TimeEnd != 0 || mark.Tags[2] != "mark" {
		t.Errorf("%+v", mark)
	}
	if whole := s.got[4]; whole.Time != began.UnixMilli() || whole.TimeEnd < whole.Time ||
		whole.Tags[2] != "run" {
		t.Errorf("%+v", whole)
	}
	if s.token != "Bearer abc" || a.Warning() != "" {
		t.Errorf("authorization %q, warning", s.token)
	}
}

// A run without a result is posted, too.
func TestFailedRun(t *testing.T) {
	s := newStand(t, http.StatusOK)
	a := Begin(s.URL+"/sub/", "", "steady", nil)
	a.Fail(errors.New("connect to ws://a:hidden@h: refused"))
	a.Close()
	if len(s.got) != 2 || s.got[1].Text != "no result: connect to ws://***@h: refused\nload" || s.token != "" {
		t.Errorf("%+v", s.got)
	}
}

// A refusal is logged once. Where nothing is allowed, nothing more is tried.
func TestRefusals(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusForbidden:           "set GRAFANA_TOKEN",
		http.StatusUnauthorized:        "set GRAFANA_TOKEN",
		http.StatusFound:               "302 Found",
		http.StatusInternalServerError: "500 Internal Server Error",
	} {
		s := newStand(t, status)
		a := Begin(s.URL+"/sub", "abc", "steady", nil)
		a.Tell(run.Live{Marks: []record.Mark{{Text: "one"}, {Text: "two"}}})
		a.Close()
		tried := 3
		if strings.HasPrefix(want, "set") {
			tried = 1
		}
		if text := a.Warning(); !strings.Contains(text, want) || a.Warning() != "" || len(s.got) != tried {
			t.Errorf("%d: warning %q after %d posts", status, text, len(s.got))
		}
	}
}

// A Grafana that is gone, or accepts connections and says nothing, does not
// stop the run, nor its end for long.
func TestSilentGrafana(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := Begin("http://"+l.Addr().String(), "", "steady", nil)
	for n := range 3 * maxQueue {
		a.Tell(run.Live{Marks: []record.Mark{{At: float64(n), Text: "mark"}}})
	}
	a.Close()
	if a.Warning() == "" {
		t.Error("no warning")
	}
	_ = l.Close()
	a = Begin("http://"+l.Addr().String(), "", "steady", nil)
	a.Close()
	if text := a.Warning(); !strings.Contains(text, "grafana: marks are missing there: ") {
		t.Errorf("warning %q", text)
	}
}

func TestAddresses(t *testing.T) {
	for address, ok := range map[string]bool{"": true, "http://localhost:3000": true, "https://h/sub": true,
		"localhost:3000": false, "ws://h": false, "http://": false, "%": false} {
		if err := CheckAddress(address); (err == nil) != ok ||
			err != nil && !strings.HasPrefix(err.Error(), "-grafana ") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
