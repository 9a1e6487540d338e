// Package experiment reads files that describe a run of the load tool: settings,
// stages, commands and limits, in YAML. It is strict: a key that it does not
// know is an error.
package experiment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"livechat/load/plan"
)

// Experiment is the content of a file.
type Experiment struct {
	About    string    // what it finds out, in a sentence
	Settings []Setting // values of flags, in the order of the file
	Stages   string    // as -stages takes them; empty: none
	Limits   string    // as -fail-if takes them
	Commands []plan.Command
}

// Setting is the value of a flag.
type Setting struct {
	Name, Value string
	Place       string // file and line, for errors
}

// Read reads a file. accepted are the names that settings may have. An error
// names the file and the line, and what would be accepted.
func Read(name string, accepted []string) (*Experiment, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the experiment: %w", err)
	}
	return parse(name, text, accepted)
}

func parse(name string, text []byte, accepted []string) (*Experiment, error) {
	file, decoder := reader{name}, yaml.NewDecoder(bytes.NewReader(text))
	var document, more yaml.Node
	if err := decoder.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if decoder.Decode(&more) == nil {
		return nil, file.fault(&more, "a second document; want one")
	}
	if len(document.Content) == 0 {
		return nil, fmt.Errorf("%s: the file is empty", name)
	}
	e := &Experiment{}
	err := file.mapping(document.Content[0], "the experiment", map[string]field{
		"about": func(n *yaml.Node) (err error) { e.About, err = file.text(n); return err },
		"settings": func(n *yaml.Node) (err error) {
			e.Settings, err = file.settings(n, accepted)
			return err
		},
		"stages":   func(n *yaml.Node) (err error) { e.Stages, err = file.stages(n); return err },
		"limits":   func(n *yaml.Node) (err error) { e.Limits, err = file.list(n); return err },
		"commands": func(n *yaml.Node) (err error) { e.Commands, err = file.commands(n); return err },
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// mappings are the settings that may be a mapping of names and values.
var mappings = []string{"mix", "network"}

func (r reader) settings(n *yaml.Node, accepted []string) (all []Setting, err error) {
	fields := make(map[string]field)
	for _, name := range accepted {
		fields[name] = func(n *yaml.Node) error {
			read := r.list
			if slices.Contains(mappings, name) {
				read = r.setting
			}
			value, err := read(n)
			all = append(all, Setting{name, value, r.place(n)})
			return err
		}
	}
	err = r.mapping(n, "settings", fields)
	return all, err
}

// stages reads points as a list of mappings, or as one text.
func (r reader) stages(n *yaml.Node) (string, error) {
	if n = resolve(n); n.Kind == yaml.ScalarNode {
		return n.Value, nil
	}
	var all []string
	err := r.items(n, "stages", func(n *yaml.Node) error {
		var at string
		var amounts []string
		amount := func(unit string) field {
			return func(n *yaml.Node) error {
				text, err := r.text(n)
				amounts = append(amounts, text+unit)
				return err
			}
		}
		clients, rate := amount("c"), amount("r")
		var rateNode *yaml.Node
		err := r.mapping(n, "a stage", map[string]field{
			"at":      func(n *yaml.Node) (err error) { at, err = r.text(n); return err },
			"clients": clients,
			"rate":    func(n *yaml.Node) error { rateNode = n; return nil },
		})
		if err == nil && rateNode != nil {
			err = rate(rateNode) // after the clients, whatever the order of the file
		}
		if err != nil {
			return err
		}
		one := at + ":" + strings.Join(amounts, "/")
		if _, _, _, err := plan.ParseStages(one); err != nil {
			return r.fault(n, "want at, such as 30s, and clients, rate, or both, as numbers")
		}
		all = append(all, one)
		return nil
	})
	return strings.Join(all, ","), err
}

func (r reader) commands(n *yaml.Node) (all []plan.Command, err error) {
	err = r.items(n, "commands", func(n *yaml.Node) error {
		c := plan.Command{Place: r.place(n)}
		moment := func(d *time.Duration) field {
			return func(n *yaml.Node) error {
				text, err := r.text(n)
				if err != nil {
					return err
				}
				if *d, err = time.ParseDuration(text); err != nil || *d < 0 {
					return r.fault(n, "%q: want a time, such as 30s", text)
				}
				return nil
			}
		}
		err := r.mapping(n, "a command", map[string]field{
			"at":   moment(&c.At),
			"run":  func(n *yaml.Node) (err error) { c.Run, err = r.text(n); return err },
			"for":  moment(&c.For),
			"then": func(n *yaml.Node) (err error) { c.Then, err = r.text(n); return err },
		})
		all = append(all, c)
		return err
	})
	return all, err
}
