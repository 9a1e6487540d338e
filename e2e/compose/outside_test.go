package compose

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// answer is a response whose body has been read.
type answer struct {
	Path, Status string
	StatusCode   int
	Header       http.Header
}

// get requests a page with exactly the given headers and returns the answer and
// its body.
func get(t *testing.T, url string, header ...string) (answer, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	transport := http.Transport{DisableKeepAlives: true, DisableCompression: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return answer{req.URL.Path, res.Status, res.StatusCode, res.Header}, string(body)
}

// linked matches what a page loads: scripts, styles and icons.
var linked = regexp.MustCompile(`(?:src|href)="/?([^":#?]+\.[a-z]+)"`)

// servesThePage checks the page, everything that it loads, the room's address,
// and the security headers of each response.
func (s *stack) servesThePage(t *testing.T) {
	base := "http://" + s.page
	port := strings.TrimPrefix(s.room, "localhost")
	policy := "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
		"media-src 'self' blob:; connect-src " +
		"'self'" +
		strings.ReplaceAll(
			" ws://localhostP wss://localhostP http://localhostP https://localhostP",
			"P",
			port,
		) +
		"; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	secured := func(res answer) {
		t.Helper()
		caching := "no-cache"
		if strings.HasPrefix(res.Path, "/v/") { // bundled: the path has the version
			caching = "public, max-age=31536000, immutable"
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer", "Cache-Control": caching, "Server": "nginx",
		} {
			if got := res.Header.Values(name); !slices.Equal(got, []string{want}) {
				t.Errorf("%s: %s is %q, want %q", res.Path, name, got, want)
			}
		}
	}

	res, page := get(t, base+"/")
	secured(res)
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/html; charset=utf-8" ||
		!strings.Contains(page, "<!doctype html>") {
		t.Fatalf("/ answers %s %s:\n%.200s", res.Status, res.Header.Get("Content-Type"), page)
	}
	types := map[string]string{
		".html": "text/html; charset=utf-8",
		".js":   "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".svg":         "image/svg+xml; charset=utf-8",
		".webmanifest": "application/manifest+json; charset=utf-8", ".png": "image/png",
		".json": "application/json; charset=utf-8",
	}
	files := linked.FindAllStringSubmatch(page, -1)
	if len(files) < 3 {
		t.Errorf("the page loads only %v", files)
	}
	for _, file := range files {
		res, _ := get(t, base+"/"+file[1])
		secured(res)
		want := types[file[1][strings.LastIndex(file[1], "."):]]
		if got := res.Header.Get("Content-Type"); res.StatusCode != 200 || got != want {
			t.Errorf("%s answers %s %q, want 200 %q", file[1], res.Status, got, want)
		}
	}

	// A browser with a current copy gets 304.
	etag := res.Header.Get("ETag")
	if res, _ := get(t, base+"/", "If-None-Match", etag); etag == "" ||
		res.StatusCode != http.StatusNotModified {
		t.Errorf("with ETag %s the response is %s", etag, res.Status)
	}
	zipped, body := get(t, base+"/", "Accept-Encoding", "gzip")
	if r, err := gzip.NewReader(strings.NewReader(body)); zipped.Header.Get("Content-Encoding") != "gzip" ||
		err != nil {
		t.Errorf("asked for gzip: %q, %v", zipped.Header.Get("Content-Encoding"), err)
	} else if plain, err := io.ReadAll(r); err != nil || string(plain) != page {
		t.Errorf("unzipped, it is another page (%v)", err)
	}

	res, body = get(t, base+"/config.json")
	secured(res)
	if want := fmt.Sprintf("{\"socketPort\":%s}\n", port[1:]); body != want ||
		!strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		t.Errorf("config.json is %s %q, want %q", res.Header.Get("Content-Type"), body, want)
	}
	for _, path := range []string{
		"/nothing", "/embed.go", "/tsconfig.json", "/test/", "/package.json", "/js/",
	} {
		res, _ := get(t, base+path)
		secured(res)
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%s answers %s", path, res.Status)
		}
	}
	// /api/ goes to the servers, which answer themselves.
	res, body = get(t, base+"/api/nothing")
	if res.StatusCode != http.StatusNotFound ||
		res.Header.Get("Content-Type") != "application/problem+json" ||
		!strings.Contains(body, `"code":"not_found"`) {
		t.Errorf("/api/nothing answers %s %s %s", res.Status, res.Header.Get("Content-Type"), body)
	}
	// The room's port also serves the page.
	if res, body := get(t, "http://"+s.room+"/"); res.StatusCode != 200 || body != page {
		t.Errorf("the room's port answers %s with a different page", res.Status)
	}
}

// countsOnLoopback: statistics are for this machine only.
func (s *stack) countsOnLoopback(t *testing.T) {
	if res, body := get(t, "http://"+s.stats+"/"); res.StatusCode != 200 || !strings.Contains(body, "ws4") {
		t.Errorf("the statistics page answers %s", res.Status)
	}
	res, body := get(t, "http://"+s.stats+"/metrics")
	if want := `haproxy_server_status{proxy="servers",server="ws4",state="UP"} 1`; res.StatusCode != 200 ||
		!strings.Contains(body, want) {
		t.Errorf("/metrics answers %s, without %s", res.Status, want)
	}
	for port, bindings := range s.inspect(t, s.containers(t, "lb")...)[0].HostConfig.PortBindings {
		for _, b := range bindings {
			if public := port != "8404/tcp"; public == (b.HostIP == "127.0.0.1") {
				t.Errorf("%s is published on %q", port, b.HostIP)
			}
		}
	}
	if published := s.inspect(t, s.containers(t, "rds")...)[0].HostConfig.PortBindings; len(published) > 0 {
		t.Errorf("Redis is published: %v", published)
	}
}

// isHardened: every container is healthy, has a read-only file system and no
// capability, and does not run as root.
func (s *stack) isHardened(t *testing.T) {
	for _, c := range s.inspect(t, strings.Fields(s.run(t, s.compose("ps", "-q")...))...) {
		h := c.HostConfig
		if c.State.Health.Status != "healthy" || !h.ReadonlyRootfs ||
			!slices.Equal(h.CapDrop, []string{"ALL"}) ||
			!slices.Contains(h.SecurityOpt, "no-new-privileges:true") ||
			h.LogConfig.Type != "json-file" ||
			h.LogConfig.Config["max-size"] != "10m" {
			t.Errorf("%s: %+v", c.Name, c)
		}
		// Through the engine, since an empty image has no programs.
		for _, process := range strings.Split(s.run(t, "docker", "top", c.Name, "-eo", "uid,pid"), "\n")[1:] {
			if strings.Fields(process)[0] == "0" {
				t.Errorf("%s: process %s is root", c.Name, process)
			}
		}
	}
	if got := s.run(t,
		s.compose("exec", "-T", "rds", "redis-cli", "config", "get", "maxmemory")...); !strings.Contains(
		got,
		"536870912",
	) {
		t.Errorf("the memory of Redis is limited to %q", got)
	}
	for host, want := range map[string]string{"lb": "found", "rds": "hidden", "db": "hidden"} {
		got := s.run(
			t,
			s.compose("exec", "-T", "chat", "sh", "-c",
				"getent hosts "+host+" >/dev/null && echo found || echo hidden")...)
		if got != want {
			t.Errorf("from the page's container %s is %s, want %s", host, got, want)
		}
	}
	for service, want := range map[string]string{"chat": "101", "lb": "99", "rds": "999"} {
		got := s.run(t, s.compose(
			"exec",
			"-T",
			service,
			"sh",
			"-c",
			"awk '/^(Uid|CapEff|NoNewPrivs):/ {print $2}' /proc/1/status; touch /nowhere 2>&1 | grep -o "+
				"'Read-only file system'",
		)...)
		if got := strings.Fields(got); len(got) < 3 || got[0] != want || strings.Trim(got[1], "0") != "" ||
			got[2] != "1" ||
			strings.Join(got[3:], " ") != "Read-only file system" {
			t.Errorf("%s: uid, capabilities, no new privileges, and writing: %v", service, got)
		}
	}
}

// TestNoEngine: without an engine, make up says so at once and names the
// alternative.
func TestNoEngine(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "docker/up.sh")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "DOCKER_HOST=tcp://127.0.0.1:1")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "No Docker engine answers") ||
		!strings.Contains(string(out), "make cluster") {
		t.Errorf("docker/up.sh: %v\n%s", err, out)
	}
}
