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

// secrets are the variables that may be given as a file instead, by the variable
// of the same name with fileSuffix: the environment of a process is seen by more
// people than a file, and is no place where Docker or Kubernetes put secrets.
var secrets = []string{"REDIS_URL", "REDIS_PASSWORD", "DATABASE_URL", "DATABASE_PASSWORD"}

const (
	fileSuffix = "_FILE"
	maxSecret  = 64 << 10 // bytes of a file
)

// readSecrets returns the environment with the contents of secrets' files in it.
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
			bad = append(bad, fmt.Errorf("%s=%s: want a file that can be read: %w", name+fileSuffix, path, errors.Unwrap(err)))
			continue
		}
		value := strings.TrimRight(string(text), "\r\n")
		if value == "" || len(value) > maxSecret {
			bad = append(bad, fmt.Errorf("%s=%s: want a file with a value in it, of at most %d bytes", name+fileSuffix, path, maxSecret))
			continue
		}
		all[name] = value
	}
	return all, errors.Join(bad...)
}

var authority = regexp.MustCompile(`^(\w+://)([^/?#]*@)?(.*)$`)

// withPassword puts a password into a URL, which has none yet. Whatever is in the
// password stays what it is: nobody has to escape it.
func withPassword(raw, password string) (string, error) {
	parts := authority.FindStringSubmatch(raw)
	if parts == nil {
		return "", errors.New("there is no URL of a server to use it for")
	}
	user := strings.TrimSuffix(parts[2], "@")
	if strings.Contains(user, ":") {
		return "", errors.New("there is another password in the URL")
	}
	return parts[1] + user + ":" + escape(password) + "@" + parts[3], nil
}

// escape escapes all that has a meaning in a URL, or between the hosts of one.
func escape(password string) string {
	return strings.NewReplacer("@", "%40", ":", "%3A").Replace(url.PathEscape(password))
}

// usePasswords puts the passwords into the URLs that they are for.
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
