package scripts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// faults returns what is wrong with a command: nothing if it is no program of
// this repository.
func (k *known) faults(c command) (faults []string) {
	name, args := c.words[0], c.words[1:]
	switch {
	case name == "make":
		return k.makeFaults(args)
	case name == "go":
		return append(k.goFaults(args, c.inline), k.variableFaults(c)...)
	case name == "docker" && len(args) > 0 && args[0] == "compose":
		for _, variable := range c.env {
			if !hasWord(k.compose, variable) && !hasWord(k.settings, variable) {
				faults = append(faults, "no setting of compose "+variable)
			}
		}
		return append(faults, k.composeFaults(args[1:], c.inline)...)
	}
	faults = missingPaths(c.words)
	if dir := k.programOf(name); dir != "" {
		faults = append(faults, k.variableFaults(c)...)
		faults = append(faults, k.programFaults(dir, args, c.inline)...)
	}
	return faults
}

// hasWord reports whether a text has a word.
func hasWord(text, word string) bool {
	return regexp.MustCompile(`\b` + regexp.QuoteMeta(word) + `\b`).MatchString(text)
}

// programOf returns the folder of the program that a name stands for; "" if it
// is none of this repository.
func (k *known) programOf(name string) string {
	switch base := filepath.Base(name); {
	case base == "livechat":
		return "./server"
	case base == "livechat-load":
		return "./load"
	case strings.HasPrefix(name, "./") && k.programs[name] != nil:
		return name
	case strings.HasPrefix(name, "bin/") && k.programs["./"+base] != nil:
		return "./" + base
	}
	return ""
}

var recipe = regexp.MustCompile(`scripts/run\.sh (\./\S+)`)

// makeFaults checks targets, variables, and the flags in ARGS.
func (k *known) makeFaults(args []string) (faults []string) {
	program := ""
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") || assignment.MatchString(arg) {
			continue
		}
		_, rule, ok := strings.Cut("\n"+k.makefile, "\n"+arg+":")
		if !ok {
			faults = append(faults, "no target "+arg)
			continue
		}
		rule, _, _ = strings.Cut(rule, "\n\n")
		if run := recipe.FindStringSubmatch(rule); run != nil {
			program = run[1]
		}
	}
	for _, arg := range args {
		switch variable, value, ok := strings.Cut(arg, "="); {
		case !ok || strings.HasPrefix(arg, "-"):
		case !strings.Contains(k.makefile, "$("+variable+")") &&
			!strings.Contains(k.makefile, ","+variable+"),"):
			faults = append(faults, "the Makefile has no "+variable)
		case variable == "ARGS" && program != "":
			for _, words := range simpleCommands(value) {
				faults = append(faults, k.programFaults(program, words, false)...)
			}
		}
	}
	return faults
}

// goFaults checks the packages, programs and tests that go is asked for.
func (k *known) goFaults(args []string, inline bool) (faults []string) {
	if len(args) > 0 && args[0] == "run" {
		for i, arg := range args {
			switch {
			case !strings.HasPrefix(arg, "./"):
				continue
			case k.programs[arg] == nil:
				return []string{arg + " is no program"}
			}
			return append(missingPaths(args[i+1:]), k.programFaults(arg, args[i+1:], inline)...)
		}
		return nil
	}
	folder := ""
	for _, arg := range args {
		if !strings.HasPrefix(arg, "./") {
			continue
		}
		folder = strings.TrimSuffix(arg, "/...")
		if info, err := os.Stat(filepath.Join("..", folder)); err != nil || !info.IsDir() {
			return []string{"there is no " + folder}
		}
	}
	for i, arg := range args[:max(0, len(args)-1)] {
		if folder == "" || arg != "-run" && arg != "-bench" && arg != "-fuzz" {
			continue
		}
		if tests, pattern := testsIn(folder), args[i+1]; !slices.ContainsFunc(tests,
			regexp.MustCompile(pattern).MatchString) {
			faults = append(faults, "no test "+pattern)
		}
	}
	return faults
}

// testsIn returns the tests and benchmarks in a folder.
func testsIn(folder string) (all []string) {
	found, _ := filepath.Glob(filepath.Join("..", folder, "*_test.go")) // the pattern is valid
	for _, name := range found {
		if text, err := os.ReadFile(name); err == nil {
			all = append(all, names(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)`, string(text))...)
		}
	}
	return all
}

// variableFaults checks the variables that are set for a program of this
// repository, or for its tests.
func (k *known) variableFaults(c command) (faults []string) {
	test := c.words[0] == "go" && slices.Contains(c.words, "test")
	server := k.programOf(c.words[0]) == "./server" || slices.Contains(c.words, "./server")
	for _, variable := range c.env {
		switch {
		case test && !hasWord(k.sources, variable):
			faults = append(faults, "nothing reads "+variable)
		case server && !test && !hasWord(k.settings, variable):
			faults = append(faults, "docs/configuration.md has no "+variable)
		}
	}
	return faults
}

// programFaults checks the flags and the first argument of a program.
func (k *known) programFaults(dir string, args []string, inline bool) (faults []string) {
	if dir == "./server" {
		return k.livechatFaults(args, inline)
	}
	p := k.programs[dir]
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") && !p.texts[args[0]] {
		return []string{dir + " has no command " + args[0]}
	}
	for i := 0; i < len(args); i++ {
		name, value, given := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !strings.HasPrefix(args[i], "-") || name == "" {
			continue
		}
		takes, ok := p.flags[name]
		if !ok {
			faults = append(faults, fmt.Sprintf("%s has no flag -%s", dir, name))
			continue
		}
		if takes && !given && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch {
		case strings.HasSuffix(name, "-command"):
			for _, c := range shell(value) {
				faults = append(faults, k.faults(c)...)
			}
		case dir == "./bench" && name == "only":
			for part := range strings.SplitSeq(value, ",") {
				if !p.texts[part] {
					faults = append(faults, dir+" has no part "+part)
				}
			}
		}
	}
	return faults
}

// composeValues are the flags of docker compose that take a value.
var composeValues = []string{
	"-e", "-f", "-n", "-p", "-t", "--name", "--profile", "--scale", "--tail", "--timeout",
}

// composeFaults checks the services, and what runs in them.
func (k *known) composeFaults(args []string, inline bool) (faults []string) {
	verb, service := "", ""
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--scale" && i+1 < len(args):
			i++
			scaled, _, _ := strings.Cut(args[i], "=")
			faults = append(faults, k.serviceFaults(scaled)...)
		case slices.Contains(composeValues, arg):
			i++
		case strings.HasPrefix(arg, "-"):
		case verb == "":
			verb = arg
		case verb == "config" || verb == "cp":
		case verb == "exec" || verb == "run":
			if service = arg; len(k.serviceFaults(service)) > 0 {
				return append(faults, k.serviceFaults(service)...)
			}
			return append(faults, k.insideFaults(verb, service, args[i+1:], inline)...)
		default:
			faults = append(faults, k.serviceFaults(arg)...)
		}
	}
	return faults
}

func (k *known) serviceFaults(service string) []string {
	if slices.Contains(k.services, service) || strings.ContainsAny(service, "${…") {
		return nil
	}
	return []string{"no service " + service}
}

// insideFaults checks what is run in a container: exec names the program, run
// gives arguments to that of the service.
func (k *known) insideFaults(verb, service string, args []string, inline bool) []string {
	switch {
	case verb == "run" && service == "load":
		return k.programFaults("./load", args, inline)
	case verb == "run" && (service == "api" || strings.HasPrefix(service, "ws")):
		return k.livechatFaults(args, inline)
	case verb == "exec" && len(args) > 0:
		return k.faults(command{words: args, inline: inline})
	}
	return nil
}

// missingPaths returns the words that begin with one of the top folders and lead
// to nothing.
func missingPaths(words []string) (faults []string) {
	for _, name := range words {
		top, _, _ := strings.Cut(name, "/")
		if info, err := os.Stat(filepath.Join("..", top)); !plain.MatchString(name) || top == "bin" ||
			top == "." || err != nil || !info.IsDir() {
			continue
		}
		if _, err := os.Stat(filepath.Join("..", name)); err != nil {
			faults = append(faults, "there is no "+name)
		}
	}
	return faults
}
