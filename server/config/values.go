package config

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Value is a setting and what it is in a Config.
type Value struct {
	Setting
	Value  string // as it is written in the environment; empty for secrets
	Secret bool   // it is set, and not told
}

// Values returns all settings of a Config, in its order. Secrets are left out as
// a whole: a URL may have a password in its query, too.
func (c Config) Values() []Value {
	values := map[string]string{}
	config := reflect.ValueOf(c)
	for i := range config.NumField() {
		part := config.Field(i)
		for j := range part.NumField() {
			if name := part.Type().Field(j).Tag.Get("env"); name != "" {
				values[name] = written(part.Field(j).Interface())
			}
		}
	}
	all := make([]Value, 0, len(values))
	for _, setting := range Settings() {
		v := Value{Setting: setting, Value: values[setting.Name]}
		if slices.Contains(secrets, setting.Name) && v.Value != "" {
			v.Value, v.Secret = "", true
		}
		all = append(all, v)
	}
	return all
}

// written returns a value as it is written in the environment.
func written(value any) string {
	switch v := value.(type) {
	case time.Duration:
		return shortDuration(v)
	case Window:
		if v == WindowOff {
			return "off"
		}
		return shortDuration(time.Duration(v))
	case []string:
		return strings.Join(v, ",")
	case slog.Level:
		return strings.ToLower(v.String())
	case Networks:
		texts := make([]string, 0, len(v.prefixes))
		for _, prefix := range v.prefixes {
			texts = append(texts, prefix.String())
		}
		return strings.Join(texts, ",")
	}
	return fmt.Sprint(value)
}

// shortDuration is the duration without units that are 0: 24h, not 24h0m0s.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
