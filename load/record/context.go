package record

import (
	"regexp"
	"slices"
)

// Context is where and with what a run was done: what somebody has to know who
// repeats it. What could not be found out is empty.
type Context struct {
	Tool      string            `json:"tool"` // version or git revision of the load tool
	Go        string            `json:"go"`
	Kernel    string            `json:"kernel,omitempty"`
	Cores     int               `json:"cores"`
	Memory    int64             `json:"memory,omitempty"`  // bytes
	OpenFiles uint64            `json:"open_files"`        // limit
	Sysctls   map[string]string `json:"sysctls,omitempty"` // those that bound connections
	Container *Container        `json:"container,omitempty"`
	Servers   []Build           `json:"servers,omitempty"`
	Insecure  bool              `json:"insecure,omitempty"` // certificates were not checked
	// Programs are the versions of those between and behind the servers, by name.
	Programs map[string]string `json:"programs,omitempty"`
	// MessageRate is how many messages a second the servers allow a connection
	// (MESSAGE_RATE), the least of all; 0: no limit, nil: unknown.
	MessageRate *float64 `json:"message_rate,omitempty"`
}

// Container is what limits the load tool by control groups.
type Container struct {
	Version int     `json:"version"`          // of control groups
	Cores   float64 `json:"cores,omitempty"`  // 0: no limit
	Memory  int64   `json:"memory,omitempty"` // bytes; 0: no limit
}

// Build is a server's build.
type Build struct {
	App     string `json:"app"`
	Version string `json:"version"`
	Go      string `json:"go"`
}

// Versions returns the versions of the servers, each once.
func (c *Context) Versions() (all []string) {
	for _, s := range c.Servers {
		all = append(all, s.Version)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// secrets are the places of texts where secrets are: after the first group.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/?#\s"]+@`),
	regexp.MustCompile(`(?i)(` + secretName + `\s*[=:]\s*)(?:bearer\s+)?` + value),
	regexp.MustCompile(`(?i)(\s--?[a-z0-9-]*` + secretName + `\s+)` + value),
	regexp.MustCompile(`(redis-cli\b[^|;&]*?\s-a\s+)` + value),
}

const (
	secretName = `(?:token|secret|passw(?:or)?d|ticket|authorization|\bauth|key)[a-z0-9_-]*`
	value      = `(?:"[^"]*"|'[^']*'|[^\s&'",]+)`
)

// Redact returns a command or an address without the secrets in it: those of
// URLs, and the values of what is named like a secret.
func Redact(text string) string {
	for i, form := range secrets {
		mask := "${1}***"
		if i == 0 {
			mask += "@"
		}
		text = form.ReplaceAllString(text, mask)
	}
	return text
}

// Redact removes secrets from all texts of the run that came from the command
// line.
func (r *Run) Redact() {
	all := func(texts []string) {
		for i := range texts {
			texts[i] = Redact(texts[i])
		}
	}
	r.Settings.URLs, r.Command = slices.Clone(r.Settings.URLs), slices.Clone(r.Command) // not ours alone
	all(r.Settings.URLs)
	all(r.Command)
	all(r.Did)
	all(r.Verdict)
	for i := range r.Marks {
		r.Marks[i].Text = Redact(r.Marks[i].Text)
	}
	if r.Scale != nil {
		for i := range r.Scale.Steps {
			r.Scale.Steps[i].Command = Redact(r.Scale.Steps[i].Command)
		}
	}
	if e := r.Settings.Experiment; e != nil {
		for i := range e.Commands {
			e.Commands[i].Run, e.Commands[i].Then = Redact(e.Commands[i].Run), Redact(e.Commands[i].Then)
		}
	}
}
