package config

import (
	"fmt"

	"github.com/caarlos0/env/v11"
)

// Setting describes one environment variable.
type Setting struct {
	Name    string
	About   string // what it sets, in a few words
	Default string // empty: unset by default
}

// Settings returns all settings in the order of Config.
func Settings() []Setting {
	params, err := env.GetFieldParams(&Config{})
	if err != nil {
		panic(fmt.Sprintf("config: tags of Config: %v", err)) // a mistake in this package, which any test finds
	}
	about := map[string]string{}
	for _, rule := range rules() {
		about[rule.name] = rule.about
	}
	all := make([]Setting, 0, len(params))
	for _, param := range params {
		all = append(all, Setting{Name: param.Key, About: about[param.Key], Default: param.DefaultValue})
	}
	return all
}
