package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestValues(t *testing.T) {
	environ := map[string]string{
		"APPID": "1000", "ROLE": "api", "ROOM_TTL": "36h", "EDIT_WINDOW": "off", "MESSAGE_RATE": "2.5",
		"TRUSTED_PROXIES": "10.1.2.3/8, ::1", "ALLOWED_ORIGINS": "https://a.example,https://b.example",
		"DATABASE_URL": "postgres://u@db/livechat?password=hush1", "REDIS_URL": "redis://redis:6379",
		"REDIS_PASSWORD": "hush2", "ADDRESS_SECRET": "hush3hush3hush3hush3", "MAX_CONNECTIONS": "70",
	}
	c, err := Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Value{}
	for _, v := range c.Values() {
		got[v.Name] = v
		if text := fmt.Sprint(v); strings.Contains(text, "hush") {
			t.Errorf("a secret is told: %s", text)
		}
		if v.About == "" {
			t.Errorf("%s is about nothing", v.Name)
		}
	}
	if len(got) != len(Settings()) {
		t.Errorf("%d values, want %d", len(got), len(Settings()))
	}
	for name, want := range map[string]string{
		"APPID": "1000", "ROLE": "api", "ROOM_TTL": "36h", "EDIT_WINDOW": "off", "MESSAGE_RATE": "2.5",
		"TRUSTED_PROXIES": "10.0.0.0/8,::1/128", "ALLOWED_ORIGINS": "https://a.example,https://b.example",
		"MAX_CONNECTIONS": "70", "DATABASE_URL": "", "REDIS_URL": "", "FILES_S3_SECRET": "",
	} {
		if got[name].Value != want {
			t.Errorf("%s is %q, want %q", name, got[name].Value, want)
		}
	}
	for name, secret := range map[string]bool{
		"DATABASE_URL": true, "REDIS_URL": true, "REDIS_PASSWORD": true, "ADDRESS_SECRET": true,
		"DATABASE_PASSWORD": false, "APPID": false,
	} {
		if got[name].Secret != secret {
			t.Errorf("%s is a secret that is set: %t, want %t", name, got[name].Secret, secret)
		}
	}
}

// A value is written as its default is, so that the two can be compared.
func TestValuesOfDefaults(t *testing.T) {
	c, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range c.Values() {
		if v.Default != "" && v.Value != v.Default {
			t.Errorf("%s is written %q, and its default %q", v.Name, v.Value, v.Default)
		}
	}
}
