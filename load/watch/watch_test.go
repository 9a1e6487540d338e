package watch

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestWatcherReadsUsage(t *testing.T) {
	w, err := New(nil, []int{os.Getpid()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := w.Look()
	if len(all) != 1 || w.Self().Memory < 1<<20 {
		t.Errorf("watched %v, itself %v", all, w.Self())
	}
	if _, err := New(nil, []int{1 << 30}, nil); err == nil {
		t.Error("accepted a process that does not exist")
	}
}

func TestMetrics(t *testing.T) {
	page := "# HELP process_cpu_seconds_total Time.\nprocess_cpu_seconds_total 12.5\nother{a=\"b\"} " +
		"3\nprocess_resident_memory_bytes 2.5e+07\n"
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, page) })
	s := httptest.NewServer(mux)
	defer s.Close()
	w, err := New(nil, nil, []string{s.URL + "/metrics"})
	if err != nil {
		t.Fatal(err)
	}
	if u := w.Look()[strings.TrimPrefix(s.URL, "http://")]; u.CPU != 12500*time.Millisecond ||
		u.Memory != 25e6 {
		t.Errorf("read %+v", u)
	}
	for _, wrong := range []string{s.URL + "/other", "http://127.0.0.1:1/metrics"} {
		if _, err := New(nil, nil, []string{wrong}); err == nil || !strings.HasPrefix(err.Error(), "-metrics: ") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	s.Close()
	if u := w.Look(); len(u) != 0 {
		t.Errorf("got %+v from a page that does not answer", u)
	}
	if _, err := New(nil, nil, []string{"nonsense"}); err == nil {
		t.Error("accepted an invalid address")
	}
}

// Find finds the process that listens on an address and names it by its APPID.
func TestFind(t *testing.T) {
	if os.Getenv("WATCH_TEST_LISTENER") != "" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(l.Addr())
		_, _ = l.Accept() // no connection arrives; it waits until it is killed
		return
	}
	if _, err := os.Stat("/proc/net/tcp"); err != nil {
		t.Skip("no /proc")
	}
	listener := exec.Command(os.Args[0], "-test.run=^TestFind$")
	listener.Env = append(os.Environ(), "WATCH_TEST_LISTENER=1", "APPID=7000")
	out, err := listener.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Process.Kill(); _ = listener.Wait() }()
	var addr string
	if _, err := fmt.Fscanln(out, &addr); err != nil {
		t.Fatal(err)
	}
	w, err := New([]string{"ws://" + addr + "/"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.Find()
	w.Find()
	if u, ok := w.Look()["7000"]; !ok || len(w.Look()) != 1 || u.Memory == 0 {
		t.Errorf("found %v, want 7000 alone", w.Look())
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"0100007F:1F90":                         "127.0.0.1:8080",
		"00000000000000000000000001000000:0050": "[::1]:80",
		"0000000000000000FFFF00000100007F:0050": "127.0.0.1:80", // IPv4 in IPv6
	} {
		if got, ok := parseAddress(text); !ok || got != netip.MustParseAddrPort(want) {
			t.Errorf("%s is parsed as %s, want %s", text, got, want)
		}
	}
	if _, ok := parseAddress("local_address"); ok {
		t.Error("parsed the heading as an address")
	}
}
