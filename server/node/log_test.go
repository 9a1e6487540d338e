package node

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"livechat/internal/testapi"
	"livechat/internal/testlog"
)

// What the services log while they work for a request can be found by its id, as can what the API itself does.
func TestRequestIDInTheLog(t *testing.T) {
	var log testlog.Buffer
	n := startLogging(t, slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}), "APPID=ws-7")
	ask := func(id, path, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+n.Addr()+"/api/v1"+path, bytes.NewBufferString(body))
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
		`level=INFO msg="user registered" app=ws-7 user=1 request_id=request-1`,
		`level=DEBUG msg="login refused" app=ws-7 user=1 request_id=request-2`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in\n%s", want, log.String())
		}
	}
}
