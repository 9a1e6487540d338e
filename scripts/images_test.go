package scripts_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// dockerfiles are those of our images, with the Go program that each has; ""
// for none.
var dockerfiles = map[string]string{
	"../docker/Dockerfile.back":  "server",
	"../docker/Dockerfile.load":  "load",
	"../docker/Dockerfile.front": "",
}

// instructions returns the instructions of a Dockerfile, one a line, without
// comments.
func instructions(t *testing.T, file string) (all []string) {
	t.Helper()
	joined := strings.ReplaceAll(read(t, file), "\\\n", " ")
	for line := range strings.Lines(joined) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			all = append(all, line)
		}
	}
	return all
}

// The layer with the compiled dependencies follows from the code: a list that is
// kept by hand falls behind.
func TestImagesNameNoModules(t *testing.T) {
	found, err := filepath.Glob("../docker/Dockerfile.*")
	if err != nil || len(found) != len(dockerfiles) {
		t.Fatalf("found %q: %v", found, err)
	}
	path := regexp.MustCompile(`\b[a-z0-9-]+\.(com|org|net|in|io)/\S+`)
	for file := range dockerfiles {
		for _, line := range instructions(t, file) {
			if name := path.FindString(line); name != "" {
				t.Errorf("%s names %s", file, name)
			}
		}
	}
}

// Every image with a program of ours has the licences of what is in it.
func TestImagesHaveLicences(t *testing.T) {
	for file, program := range dockerfiles {
		if program == "" {
			continue
		}
		all := instructions(t, file)
		for _, want := range []string{
			"RUN /licenses.sh ./" + program + " >/THIRD-PARTY-LICENSES",
			"COPY --from=licenses /THIRD-PARTY-LICENSES /", "COPY LICENSE /",
		} {
			if !slices.Contains(all, want) {
				t.Errorf("%s lacks %s", file, want)
			}
		}
		last := slices.Index(all, "FROM scratch")
		if last < 0 || slices.Index(all, "COPY --from=licenses /THIRD-PARTY-LICENSES /") < last {
			t.Errorf("%s has the licences in a stage that is not the image", file)
		}
	}
}

// The images of the server and of the page share the layers up to the server.
func TestImagesShareLayers(t *testing.T) {
	build := func(file string) (all []string) {
		stage := ""
		for _, line := range instructions(t, file) {
			if from, ok := strings.CutPrefix(line, "FROM "); ok {
				_, stage, _ = strings.Cut(from, " AS ")
			}
			if stage != "" && stage != "licenses" {
				all = append(all, line)
			}
		}
		return all
	}
	back, front := build("../docker/Dockerfile.back"), build("../docker/Dockerfile.front")
	built := slices.IndexFunc(back, func(line string) bool { return strings.Contains(line, " -o ") })
	if built < 10 || len(front) <= built || !slices.Equal(back[:built+1], front[:built+1]) {
		t.Errorf("Dockerfile.back has\n%s\nand Dockerfile.front\n%s",
			strings.Join(back, "\n"), strings.Join(front, "\n"))
	}
}

// What a program is made of is copied into its build, and not ignored.
func TestImagesCopyWhatTheyCompile(t *testing.T) {
	ignore := strings.Split(read(t, "../.dockerignore"), "\n")
	for file, program := range dockerfiles {
		if program == "" {
			continue
		}
		var copied []string
		for _, line := range instructions(t, file) {
			words := strings.Fields(line)
			if words[0] != "COPY" || strings.HasPrefix(words[1], "--from=") {
				continue
			}
			for _, name := range words[1 : len(words)-1] {
				copied = append(copied, name)
				if !slices.ContainsFunc(ignore, func(line string) bool {
					kept, ok := strings.CutPrefix(line, "!")
					below := strings.HasSuffix(kept, "/") && strings.HasPrefix(name+"/", kept)
					return ok && (kept == name || below)
				}) {
					t.Errorf("%s copies %s, which .dockerignore keeps out", file, name)
				}
			}
		}
		list := exec.Command("go", "list", "-deps", "-f",
			`{{with .Module}}{{if .Main}}{{slice $.ImportPath (len .Path)}}{{end}}{{end}}`, "./"+program)
		list.Dir, list.Stderr = "..", t.Output()
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		packages := strings.Fields(string(out))
		if len(packages) < 5 {
			t.Errorf("%s has only %q", program, packages)
		}
		for _, name := range packages {
			if !slices.ContainsFunc(copied, func(folder string) bool {
				return strings.HasPrefix(name+"/", "/"+folder+"/")
			}) {
				t.Errorf("%s does not copy %s", file, name)
			}
		}
	}
}
