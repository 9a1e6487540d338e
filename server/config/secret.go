package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// secrets are the variables that can be read from a file instead, which the
// variable of the same name with fileSuffix names. More people can see the
// environment of a process than a file, and Docker and Kubernetes provide
// secrets as files.
var secrets = []string{
	"REDIS_URL", "REDIS_PASSWORD", "DATABASE_URL", "DATABASE_PASSWORD", "FILES_S3_KEY", "FILES_S3_SECRET",
	"ADDRESS_SECRET",
}

const (
	fileSuffix = "_FILE"
	maxSecret  = 64 << 10 // bytes of a file
)

// readSecrets returns the environment with the secrets that are in files.
func readSecrets(environ map[string]string) (map[string]string, error) {
	all := maps.Clone(environ)
	var bad []error
	for _, name := range secrets {
		path := environ[name+fileSuffix]
		if path == "" {
			continue
		}
		if environ[name] != "" {
			bad = append(bad, fmt.Errorf("%s and %s are both set: want one of them", name, name+fileSuffix))
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			err = errors.Unwrap(err) // without the path, which the line has already
			bad = append(bad, fmt.Errorf("%s=%s: want a file that can be read: %w", name+fileSuffix, path, err))
			continue
		}
		value := strings.TrimRight(string(text), "\r\n")
		if value == "" || len(value) > maxSecret {
			bad = append(bad, fmt.Errorf("%s=%s: want a file that contains a value of at most %d bytes",
				name+fileSuffix, path, maxSecret))
			continue
		}
		all[name] = value
	}
	return all, errors.Join(bad...)
}

var authority = regexp.MustCompile(`^(\w+://)([^/?#]*@)?(.*)$`)

// withPassword puts a password into a URL that has none. It escapes the
// password, so nobody else has to.
func withPassword(raw, password string) (string, error) {
	parts := authority.FindStringSubmatch(raw)
	if parts == nil {
		return "", errors.New("the URL names no server")
	}
	user := strings.TrimSuffix(parts[2], "@")
	if strings.Contains(user, ":") {
		return "", errors.New("the URL contains a password already")
	}
	return parts[1] + user + ":" + escape(password) + "@" + parts[3], nil
}

// escape escapes what has a meaning in a URL or in its list of hosts.
func escape(password string) string {
	return strings.NewReplacer("@", "%40", ":", "%3A").Replace(url.PathEscape(password))
}

// usePasswords puts the passwords into their URLs.
func (c *Config) usePasswords() error {
	var bad []error
	for _, p := range []struct {
		name, password string
		url            *string
	}{{"REDIS", c.Redis.Password, &c.Redis.URL}, {"DATABASE", c.Database.Password, &c.Database.URL}} {
		if p.password == "" {
			continue
		}
		url, err := withPassword(*p.url, p.password)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s_PASSWORD: want a password for %s_URL: %w", p.name, p.name, err))
			continue
		}
		*p.url = url
	}
	return errors.Join(bad...)
}
