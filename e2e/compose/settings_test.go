package compose

import (
	"os"
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
		own := slices.Contains([]string{"APPID", "ADDR", "ROLE", "REDIS_URL", "DATABASE_URL", "METRICS_ADDR"}, p.Key)
		passed := strings.Contains(string(text), "\n    "+p.Key+":\n") || strings.Contains(string(text), "\n    "+p.Key+`: "${`+p.Key+":-")
		if passed == own {
			t.Errorf("docker-compose.yml passes %s on: %v, want %v", p.Key, passed, !own)
		}
	}
}
