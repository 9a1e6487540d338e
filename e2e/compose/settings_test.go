package compose

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"

	"livechat/server/config"
)

// Every setting of the server can be set from outside the compose file, but for those that make up the cluster.
func TestSettingsArePassedOn(t *testing.T) {
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	params, err := env.GetFieldParams(&config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range params {
		own := slices.Contains([]string{"APPID", "ADDR", "ROLE", "REDIS_URL", "REDIS_URL_FILE", "REDIS_PASSWORD", "REDIS_PASSWORD_FILE",
			"DATABASE_URL", "DATABASE_URL_FILE", "DATABASE_PASSWORD", "DATABASE_PASSWORD_FILE", "METRICS_ADDR"}, p.Key)
		passed := strings.Contains(string(text), "\n    "+p.Key+":\n") || strings.Contains(string(text), "\n    "+p.Key+`: "${`+p.Key+":-")
		if passed == own {
			t.Errorf("docker-compose.yml passes %s on: %v, want %v", p.Key, passed, !own)
		}
	}
}

// So can those of HAProxy, but for its addresses and where its servers are.
func TestSettingsOfHAProxyArePassedOn(t *testing.T) {
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	compose, settings := read("../../docker-compose.yml"), 0
	own := []string{"LB_BIND", "WS1", "WS2", "WS3", "WS4", "RESOLVER", "LOG_REQUESTS"}
	for _, preset := range regexp.MustCompile(`(?m)^ *presetenv (\w+) `).FindAllStringSubmatch(read("../../haproxy/haproxy.cfg"), -1) {
		name := preset[1]
		if passed := strings.Contains(compose, "\n      "+name+":"); passed == slices.Contains(own, name) {
			t.Errorf("docker-compose.yml passes %s on: %v", name, passed)
		}
		settings++
	}
	if settings < len(own)+5 {
		t.Errorf("only %d settings were found", settings)
	}
}
