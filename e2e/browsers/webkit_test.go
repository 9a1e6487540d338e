package browsers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// webKit is a WebKitGTK MiniBrowser, by WebDriver over HTTP.
type webKit struct {
	base   string
	client *http.Client
}

// webkit starts MiniBrowser with an empty profile.
func webkit(t *testing.T) driver {
	t.Helper()
	need.Program(t, "WebKitWebDriver")
	host, ports, err := localcluster.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"DISPLAY=" + display(t), "GDK_BACKEND=x11", "LIBGL_ALWAYS_SOFTWARE=1"}
	run(t, t.TempDir(), nil, env, "WebKitWebDriver", "--host="+host, "--port="+ports[0])
	k := &webKit{base: "http://" + host + ":" + ports[0], client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(k.client.CloseIdleConnections)
	harness.Eventually(t, time.Minute, "WebKitWebDriver", func() error {
		return k.send(t.Context(), http.MethodGet, "/status", nil, nil)
	})
	var session struct {
		SessionID string `json:"sessionId"`
	}
	wanted := map[string]any{"capabilities": map[string]any{}}
	if err := k.do(harness.Within(t, time.Minute), newSession, "", wanted, &session); err != nil {
		t.Fatalf("start a session: %v", err)
	}
	k.base += "/session/" + session.SessionID
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := k.send(ctx, http.MethodDelete, "", nil, nil); err != nil {
			t.Errorf("close the browser: %v", err)
		}
	})
	return k
}

// do implements driver.
func (k *webKit) do(ctx context.Context, c command, element string, params map[string]any, result any) error {
	path := c.path
	if element != "" {
		path = fmt.Sprintf(path, element)
	}
	if params == nil {
		return k.send(ctx, http.MethodGet, path, nil, result)
	}
	return k.send(ctx, http.MethodPost, path, params, result)
}

func (k *webKit) send(ctx context.Context, method, path string, params map[string]any, result any) error {
	body, err := json.Marshal(params)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, k.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := k.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, answer.Value)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(answer.Value, result)
}
