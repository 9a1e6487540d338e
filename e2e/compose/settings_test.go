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

// section returns the part of docs/configuration.md below a heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, found := strings.Cut(string(text), "\n## "+heading+"\n")
	if !found {
		t.Fatalf("docs/configuration.md has no part %q", heading)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	return part
}

// Every setting of the server can be set from outside the compose file, except
// those that make up the cluster. The document names these, and those whose
// default is another one.
func TestSettingsArePassedOn(t *testing.T) {
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	document := section(t, "Settings of the compose file")
	params, err := env.GetFieldParams(&config.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range params {
		own := slices.Contains(
			[]string{
				"APPID",
				"ADDR",
				"ROLE",
				"REDIS_URL",
				"REDIS_URL_FILE",
				"REDIS_PASSWORD",
				"REDIS_PASSWORD_FILE",
				"DATABASE_URL",
				"DATABASE_URL_FILE",
				"DATABASE_PASSWORD",
				"DATABASE_PASSWORD_FILE",
				"METRICS_ADDR",
			},
			p.Key,
		)
		passed := strings.Contains(string(text), "\n    "+p.Key+":\n") ||
			strings.Contains(string(text), "\n    "+p.Key+`: "${`+p.Key+":-")
		if passed == own {
			t.Errorf("docker-compose.yml passes %s on: %v, want %v", p.Key, passed, !own)
		}
		other := regexp.MustCompile(`"\$\{` + p.Key + `:-[^}]`).MatchString(string(text))
		if (own || other) && !strings.Contains(document, "`"+p.Key+"`") {
			t.Errorf("docs/configuration.md does not say what %s is in compose", p.Key)
		}
	}
}

// What the compose file reads from outside is documented.
func TestSettingsOfComposeAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	document := section(t, "Settings of the server") + section(t, "Settings of the compose file") +
		section(t, "Settings of HAProxy")
	names := regexp.MustCompile(`\$\{([A-Z_]+)[:}-]`).FindAllStringSubmatch(string(text), -1)
	for _, name := range names {
		if !strings.Contains(document, "`"+name[1]+"`") {
			t.Errorf("docs/configuration.md does not have %s", name[1])
		}
	}
	if len(names) < 30 {
		t.Errorf("found only %d settings", len(names))
	}
}

// So can those of HAProxy, except its addresses and those of its servers.
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
	presets := regexp.MustCompile(`(?m)^ *presetenv (\w+) `)
	for _, preset := range presets.FindAllStringSubmatch(read("../../haproxy/haproxy.cfg"), -1) {
		name := preset[1]
		if passed := strings.Contains(compose, "\n      "+name+":"); passed == slices.Contains(own, name) {
			t.Errorf("docker-compose.yml passes %s on: %v", name, passed)
		}
		settings++
	}
	if settings < len(own)+5 {
		t.Errorf("found only %d settings", settings)
	}
}

// Every container's log is limited, and so is the memory of Redis. The page's
// Nginx shares no network with the data stores.
func TestLimitsAndNetworks(t *testing.T) {
	text, err := os.ReadFile("../../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	_, hardened, _ := strings.Cut(string(text), "\nx-hardened:")
	hardened, server, _ := strings.Cut(hardened, "\nx-server:")
	server, services, _ := strings.Cut(server, "\nservices:\n")
	services, _, _ = strings.Cut(services, "\nnetworks:\n")
	if !strings.Contains(hardened, "  logging: {driver: json-file, options: {max-size: ") ||
		!strings.Contains(server, "<<: *hardened\n") {
		t.Error("logs have no limit")
	}
	parts := regexp.MustCompile(`(?m)^  ([a-z0-9]+):`).FindAllStringSubmatchIndex(services, -1)
	if len(parts) < 10 {
		t.Fatalf("only %d services", len(parts))
	}
	for i, at := range parts {
		end := len(services)
		if i+1 < len(parts) {
			end = parts[i+1][0]
		}
		name, service := services[at[2]:at[3]], services[at[0]:end]
		if !strings.Contains(service, "<<: *hardened") && !strings.Contains(service, "<<: *server") ||
			strings.Contains(service, "logging:") {
			t.Errorf("%s has a logging configuration of its own", name)
		}
		front := strings.Contains(service, "    networks: [front]")
		if want := name == "chat" || name == "load"; front != want {
			t.Errorf("%s is on the front network only: %v, want %v", name, front, want)
		}
		if name == "rds" &&
			!strings.Contains(service,
				`"--maxmemory", "${REDIS_MAXMEMORY:-512mb}", "--maxmemory-policy", "noeviction"`) {
			t.Error("the memory of Redis has no limit")
		}
	}
}
