package main

import (
	"bytes"
	"io"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"livechat/load/record"
)

// A certificate that nobody vouches for is refused, with advice, and accepted
// with -insecure, which the report says.
func TestInsecure(t *testing.T) {
	target := &url.URL{Scheme: "http", Host: startForWorkers(t)}
	proxy := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(target))
	defer proxy.Close()
	address := strings.Replace(proxy.URL, "https", "wss", 1)
	args := []string{"-url", address, "-clients", "4", "-rate", "8", "-for", "1s", "-warmup", "0", "-html", ""}
	err := load(within(t, time.Minute), args, io.Discard, t.Output())
	if err == nil || !strings.Contains(err.Error(), "accept any with -insecure") {
		t.Errorf("%v, want advice", err)
	}
	file := filepath.Join(t.TempDir(), "run.json")
	var progress bytes.Buffer
	args = append(args, "-insecure", "-mix", "uploads=25%,private=10%,history=10%", "-file-size", "10",
		"-json", file)
	if err := load(within(t, time.Minute), args, t.Output(), &progress); err != nil {
		t.Fatal(err)
	}
	r, err := record.Read(file)
	if err != nil || !r.Context.Insecure || len(r.Context.Servers) != 1 ||
		r.Totals.Delivered != 4*r.Totals.Sent || r.Totals.Sent == 0 {
		t.Errorf("%v, %+v of %+v", err, r.Context, r.Totals)
	}
	if !strings.Contains(progress.String(), "warning: certificates are not checked") {
		t.Errorf("no warning: %s", progress.String())
	}
}
