package node

import (
	"bytes"
	"log/slog"
	"net/http"
	"regexp"
	"testing"

	"livechat/internal/testapi"
	"livechat/internal/testlog"
)

// Log lines of the services and the API carry the id of the request they belong
// to.
func TestRequestIDInTheLog(t *testing.T) {
	var log testlog.Buffer
	n := startLogging(t, slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}),
		"APPID=ws-7")
	ask := func(id, path, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+n.Addr()+"/api/v1"+path,
			bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Request-Id", id)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	ask("request-1", "/accounts/", `{"name":"ann","password":"`+testapi.Password+`"}`)
	ask("request-2", "/login/", `{"name":"ann","password":"wrong, all of it"}`)
	for _, want := range []string{
		`level=INFO msg="account: registered" app=ws-7 user=\d+ request_id=request-1`,
		`level=DEBUG msg="account: login refused" app=ws-7 user=\d+ request_id=request-2`,
	} {
		if !regexp.MustCompile(want).MatchString(log.String()) {
			t.Errorf("no %q in\n%s", want, log.String())
		}
	}
}
