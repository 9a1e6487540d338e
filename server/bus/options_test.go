package bus

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestURL(t *testing.T) {
	for url, want := range map[string]string{
		"redis://rds":              "[rds:6379] db=0 user= password= tls=- master= sentinel=:",
		"redis://rds:7000/3":       "[rds:7000] db=3 user= password= tls=- master= sentinel=:",
		"redis://:pw@rds":          "[rds:6379] db=0 user= password=pw tls=- master= sentinel=:",
		"redis://u:p%40%2Cw@rds:1": "[rds:1] db=0 user=u password=p@,w tls=- master= sentinel=:",
		"redis://[::1]:7000?db=2":  "[[::1]:7000] db=2 user= password= tls=- master= sentinel=:",
		"rediss://u:pw@rds.example:7000": "[rds.example:7000] db=0 user=u password=pw tls=rds.example " +
			"master= sentinel=:",
		"unix:///run/redis.sock?db=1": "[/run/redis.sock] db=1 user= password= tls=- master= sentinel=:",
		"redis://u:pw@a,b:7001,[::1]": "[a:6379 b:7001 [::1]:6379] db=0 user=u password=pw tls=- " +
			"master= sentinel=:",
		"rediss://a,b/":                     "[a:6379 b:6379] db=0 user= password= tls= master= sentinel=:",
		"redis://:pw@s1,s2/1?master_name=m": "[s1:26379 s2:26379] db=1 user= password=pw tls=- master=m sentinel=:",
		"redis://s1:5000?master_name=m":     "[s1:5000] db=0 user= password= tls=- master=m sentinel=:",
		"redis://s1?master_name=m&sentinel_username=su&sentinel_password=sp": "[s1:26379] db=0 user= " +
			"password= tls=- master=m sentinel=su:sp",
	} {
		c, err := parseURL(url)
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		tls := "-"
		if c.TLSConfig != nil {
			tls = c.TLSConfig.ServerName
		}
		got := fmt.Sprintf("%v db=%d user=%s password=%s tls=%s master=%s sentinel=%s:%s",
			c.Addrs, c.DB, c.Username, c.Password, tls, c.MasterName, c.SentinelUsername, c.SentinelPassword)
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", url, got, want)
		}
	}
}

func TestBadOptions(t *testing.T) {
	good := Options{URL: "redis://rds", Channel: "livechat"}
	for what, o := range map[string]Options{
		"no URL":           {Channel: "livechat"},
		"no scheme":        {Channel: "livechat", URL: "u:hunter2@rds:6379"},
		"other scheme":     {Channel: "livechat", URL: "http://u:hunter2@rds"},
		"bad port":         {Channel: "livechat", URL: "redis://u:hunter2@rds:port"},
		"bad second port":  {Channel: "livechat", URL: "redis://u:hunter2@rds,b:port"},
		"missing host":     {Channel: "livechat", URL: "redis://u:hunter2@rds,,b"},
		"bad database":     {Channel: "livechat", URL: "redis://u:hunter2@rds/x"},
		"unknown option":   {Channel: "livechat", URL: "redis://u:hunter2@rds?colour=red"},
		"bad escape":       {Channel: "livechat", URL: "redis://u:hunter2%zz@rds"},
		"cluster with db":  {Channel: "livechat", URL: "redis://u:hunter2@a,b/1"},
		"relative socket":  {Channel: "livechat", URL: "unix://redis.sock"},
		"no channel":       {URL: good.URL},
		"braces":           {URL: good.URL, Channel: "live{chat}"},
		"space":            {URL: good.URL, Channel: "live chat"},
		"line break":       {URL: good.URL, Channel: "live\nchat"},
		"negative history": {URL: good.URL, Channel: "livechat", HistoryLength: -1},
		"negative time":    {URL: good.URL, Channel: "livechat", PublishTimeout: -time.Second},
		"ids for no time":  {URL: good.URL, Channel: "livechat", IDTTL: time.Microsecond},
	} {
		b, err := Open(o)
		if err == nil {
			t.Errorf("%s: no error", what)
			_ = b.Close()
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows the password: %v", what, err)
		}
	}
	b, err := Open(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}
