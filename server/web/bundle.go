package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// bundle makes a page of many small files quick to load: the HTML holds its
// templates, each run of stylesheets in it becomes one, and a module with all
// that it imports becomes one, all without what only people need. These files
// are under v/HASH/, so browsers may keep them for good. So is what scripts load
// later, in a file for each. It adds them to files, by path, rewrites the HTML
// and the service worker's list there and returns "v/HASH/". All other files
// stay, for those who ask for them by name.
func bundle(files map[string][]byte) (prefix string, err error) {
	const placeholder = "v/{version}/"
	b := bundler{files: files, made: map[string][]byte{}}
	pages := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) == ".html" && !strings.HasPrefix(name, "templates/") {
			pages[name] = b.page(name, placeholder)
		}
	}
	b.later()
	if b.err != nil {
		return "", b.err
	}
	hash := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(b.made)) {
		fmt.Fprintf(hash, "%s %d\n%s", name, len(b.made[name]), b.made[name])
	}
	prefix = "v/" + hex.EncodeToString(hash.Sum(nil)[:8]) + "/"
	for name, body := range b.made {
		files[prefix+name] = body
	}
	for name, html := range pages {
		files[name] = []byte(strings.ReplaceAll(html, placeholder, prefix))
	}
	return prefix, nil
}

// wanted matches where a script loads another file later.
var wanted = regexp.MustCompile(`\b(?:loaded|import)Later\('([^']+)'\)`)

// noList is the service worker's list of these files before it is filled in.
const noList = "const later = []"

// later makes the files that scripts load when they are first wanted, and tells
// the service worker which there are.
func (b *bundler) later() {
	names := map[string]bool{}
	for name, body := range b.files {
		if path.Ext(name) != ".js" {
			continue
		}
		for _, match := range wanted.FindAllSubmatch(body, -1) {
			names[string(match[1])] = true
		}
	}
	list := slices.Sorted(maps.Keys(names))
	for _, name := range list {
		switch path.Ext(name) {
		case ".js":
			b.made[name] = b.module(name)
		case ".css":
			b.made[name] = b.style(name, b.read(name))
		default:
			b.made[name] = []byte(b.read(name))
		}
	}
	worker, ok := b.files["sw.js"]
	if !ok || len(list) == 0 {
		return
	}
	if !bytes.Contains(worker, []byte(noList)) {
		b.fail("sw.js has no %q", noList)
	}
	filled := fmt.Sprintf("const later = ['%s']", strings.Join(list, "', '"))
	b.files["sw.js"] = bytes.Replace(worker, []byte(noList), []byte(filled), 1)
}

type bundler struct {
	files, made map[string][]byte
	err         error // the first
}

func (b *bundler) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

func (b *bundler) read(name string) string {
	body, ok := b.files[name]
	if !ok {
		b.fail("%s is missing", name)
	}
	return string(body)
}

var (
	// Which files a page has its templates in. Without a bundle, its script puts
	// them there: static/js/view/templates.js.
	template = regexp.MustCompile(
		`(?m)^ *<link rel="preload" href="(templates/[^"]*)" as="fetch" crossorigin>\n`)
	styles = regexp.MustCompile(`(?m)(?:^ *<link rel="stylesheet" href="[^"]*">\n)+`)
	script = regexp.MustCompile(`<script type="module" src="([^"]*)"`)
	asIs   = regexp.MustCompile(
		`(<script src|<link rel="(?:(?:apple-touch-)?icon|stylesheet)" href)="([^"]*)"`)
	href = regexp.MustCompile(`href="([^"]*)"`)
	// Comments of the HTML are for readers of the source.
	htmlComment = regexp.MustCompile(`\n[ \t]*<!--(?:[^-]|-[^-]|--[^>])*-->`)
	indent      = regexp.MustCompile(`\n\s+`) // and empty lines
)

// page returns the HTML with references to files below prefix, which it makes.
// A file that is not bundled, such as a stylesheet with a condition, only moves.
func (b *bundler) page(name, prefix string) string {
	html := template.ReplaceAllStringFunc(b.read(name), func(link string) string {
		return "\n" + b.read(template.FindStringSubmatch(link)[1])
	})
	html = htmlComment.ReplaceAllString(html, "")
	html = indent.ReplaceAllString(html, "\n")
	html = asIs.ReplaceAllStringFunc(html, func(tag string) string {
		m := asIs.FindStringSubmatch(tag)
		root, source := fromRoot(m[2])
		b.made[source] = []byte(b.read(source))
		return m[1] + `="` + root + prefix + source + `"`
	})
	run := 0
	html = styles.ReplaceAllStringFunc(html, func(links string) string {
		var css strings.Builder
		root := ""
		for _, m := range href.FindAllStringSubmatch(links, -1) {
			var source string
			root, source = fromRoot(m[1])
			source = strings.TrimPrefix(source, prefix)
			css.Write(b.style(source, b.read(source)))
			delete(b.made, source)
		}
		run++
		made := fmt.Sprintf("css/%s-%d.css", strings.TrimSuffix(name, ".html"), run)
		b.made[made] = []byte(css.String())
		return `  <link rel="stylesheet" href="` + root + prefix + made + "\">\n"
	})
	return script.ReplaceAllStringFunc(html, func(tag string) string {
		source := script.FindStringSubmatch(tag)[1]
		b.made[source] = b.module(source)
		return `<script type="module" src="` + prefix + source + `"`
	})
}

// fromRoot splits the slash from a reference that begins with one, as those of a
// page do that has no address of its own.
func fromRoot(reference string) (root, source string) {
	if source, ok := strings.CutPrefix(reference, "/"); ok {
		return "/", source
	}
	return "", reference
}

// style returns a stylesheet without comments and blanks.
func (b *bundler) style(name, css string) []byte {
	made := api.Transform(css, api.TransformOptions{
		Sourcefile: name, Loader: api.LoaderCSS, MinifyWhitespace: true, LegalComments: api.LegalCommentsNone,
	})
	b.failed(append(made.Errors, made.Warnings...)) // a brace that is missing is a warning
	return made.Code
}

// module returns a module and all that it imports as one. Nothing in it is
// written in an older JavaScript than the page is.
func (b *bundler) module(name string) []byte {
	made := api.Build(api.BuildOptions{
		EntryPoints: []string{name}, Bundle: true, Format: api.FormatESModule, Target: api.ESNext,
		MinifyWhitespace: true, MinifySyntax: true, MinifyIdentifiers: true,
		LegalComments: api.LegalCommentsNone,
		Plugins:       []api.Plugin{{Name: "page", Setup: b.serve}},
	})
	b.failed(append(made.Errors, made.Warnings...))
	if len(made.OutputFiles) != 1 {
		b.fail("%s becomes %d files", name, len(made.OutputFiles))
		return nil
	}
	return made.OutputFiles[0].Contents
}

// serve gives the page's own files to a build, which else would look on the
// disk.
func (b *bundler) serve(build api.PluginBuild) {
	const ours = "page"
	build.OnResolve(api.OnResolveOptions{Filter: ".*"},
		func(asked api.OnResolveArgs) (api.OnResolveResult, error) {
			if asked.Kind != api.ResolveEntryPoint && !strings.HasPrefix(asked.Path, ".") {
				return api.OnResolveResult{}, fmt.Errorf("%q names no file of the page", asked.Path)
			}
			name := path.Join(path.Dir(asked.Importer), asked.Path)
			return api.OnResolveResult{Path: name, Namespace: ours}, nil
		})
	build.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: ours},
		func(asked api.OnLoadArgs) (loaded api.OnLoadResult, err error) {
			body, ok := b.files[asked.Path]
			if !ok {
				return loaded, fmt.Errorf("%s is missing", asked.Path)
			}
			text := string(body)
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, nil
		})
}

// failed keeps the first error of a build.
func (b *bundler) failed(errors []api.Message) {
	for _, e := range errors {
		place := ""
		if e.Location != nil {
			place = fmt.Sprintf("%s:%d: ", e.Location.File, e.Location.Line)
		}
		b.fail("%s%s", place, e.Text)
	}
}
