package browsers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"livechat/e2e/harness"
)

// marionette is a Firefox by the protocol that it speaks itself: WebDriver's
// commands over TCP, each as `length:[0,id,name,parameters]`. geckodriver, which
// translates it, is not in Debian.
type marionette struct {
	conn net.Conn
	from *bufio.Reader
	id   int
}

// firefox starts Firefox with a profile of its own.
func firefox(t *testing.T) driver {
	t.Helper()
	home := t.TempDir()
	// It chooses a free port and writes it into the profile. Nothing is asked of
	// Mozilla's servers.
	settings := `user_pref("marionette.port", 0);
user_pref("app.update.disabledForTesting", true);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");
user_pref("toolkit.telemetry.server", "");
`
	if err := os.WriteFile(filepath.Join(home, "user.js"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, home, nil, nil, "firefox-esr", "--headless", "--no-remote", "--marionette", "--profile", home)
	m := &marionette{}
	harness.Eventually(t, time.Minute, "Firefox", func() error {
		port, err := os.ReadFile(filepath.Join(home, "MarionetteActivePort"))
		if err != nil {
			return err
		}
		m.conn, err = net.Dial("tcp", "127.0.0.1:"+strings.TrimSpace(string(port)))
		return err
	})
	t.Cleanup(func() { m.conn.Close() })
	m.from = bufio.NewReader(m.conn)
	if _, err := m.read(); err != nil { // its greeting
		t.Fatal(err)
	}
	if err := m.do(harness.Within(t, time.Minute), newSession, "", map[string]any{}, nil); err != nil {
		t.Fatalf("start a session: %v", err)
	}
	return m
}

// do implements driver.
func (m *marionette) do(
	ctx context.Context, c command, element string, params map[string]any, result any,
) error {
	all := map[string]any{}
	maps.Copy(all, params)
	if element != "" {
		all["id"] = element
	}
	m.id++
	request, err := json.Marshal([]any{0, m.id, c.marionette, all})
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = m.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := fmt.Fprintf(m.conn, "%d:%s", len(request), request); err != nil {
		return err
	}
	answer, err := m.read()
	if err != nil {
		return err
	}
	var parts [4]json.RawMessage // 1, id, error, result
	if err := json.Unmarshal(answer, &parts); err != nil {
		return err
	}
	if failed := string(parts[2]); failed != "null" {
		return errors.New(failed)
	}
	if result == nil {
		return nil
	}
	// Where WebDriver has a value, Marionette has it inside an object.
	wrapped := struct {
		Value any `json:"value"`
	}{result}
	return json.Unmarshal(parts[3], &wrapped)
}

func (m *marionette) read() ([]byte, error) {
	length, err := m.from.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		return nil, err
	}
	data := make([]byte, n)
	_, err = io.ReadFull(m.from, data)
	return data, err
}
