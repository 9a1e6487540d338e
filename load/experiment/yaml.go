package experiment

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader reads the nodes of a file.
type reader struct{ file string }

// field reads the value of a key.
type field func(*yaml.Node) error

func (r reader) place(n *yaml.Node) string { return fmt.Sprintf("%s:%d", r.file, n.Line) }

func (r reader) fault(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s: "+format, append([]any{r.place(n)}, args...)...)
}

// resolve returns what an alias stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// mapping reads a mapping whose keys are those of fields, each at most once.
func (r reader) mapping(n *yaml.Node, what string, fields map[string]field) error {
	names := strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
	if n = resolve(n); n.Kind != yaml.MappingNode {
		return r.fault(n, "%s: want keys and values; keys are %s", what, names)
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, known := fields[key.Value]
		switch {
		case !known:
			return r.fault(key, "unknown key %q in %s; want one of %s", key.Value, what, names)
		case seen[key.Value]:
			return r.fault(key, "%q is given twice in %s", key.Value, what)
		}
		seen[key.Value] = true
		if err := read(value); err != nil {
			return err
		}
	}
	return nil
}

// items reads a list.
func (r reader) items(n *yaml.Node, what string, read func(*yaml.Node) error) error {
	if n = resolve(n); n.Kind != yaml.SequenceNode {
		return r.fault(n, "%s: want a list", what)
	}
	for _, item := range n.Content {
		if err := read(item); err != nil {
			return err
		}
	}
	return nil
}

// text reads a value that is a text or a number. It returns it as it is written.
func (r reader) text(n *yaml.Node) (string, error) {
	if n = resolve(n); n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", r.fault(n, "want one value")
	}
	return strings.TrimSpace(n.Value), nil
}

// setting reads what a flag takes: a value, a list of values, or a mapping, as
// name=value.
func (r reader) setting(n *yaml.Node) (string, error) {
	if n = resolve(n); n.Kind != yaml.MappingNode {
		return r.list(n)
	}
	var all []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		value, err := r.text(n.Content[i+1])
		if err != nil {
			return "", err
		}
		all = append(all, n.Content[i].Value+"="+value)
	}
	return strings.Join(all, ","), nil
}

// list reads a value, or a list of values, which it joins by commas.
func (r reader) list(n *yaml.Node) (string, error) {
	if resolve(n).Kind != yaml.SequenceNode {
		return r.text(n)
	}
	var all []string
	err := r.items(n, "", func(n *yaml.Node) error {
		text, err := r.text(n)
		all = append(all, text)
		return err
	})
	return strings.Join(all, ","), err
}
