package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// bundle makes a page of many small files quick to load: in the HTML, each run
// of stylesheets becomes one, and a module with all that it imports becomes one.
// These files are under v/HASH/, so browsers may keep them for good. It adds
// them to files, by path, rewrites the HTML there and returns "v/HASH/". All
// other files stay, for those who ask for them by name.
//
// It knows only the few forms of import, export and HTML that the page has, and
// fails on others: a test bundles the real page.
func bundle(files map[string][]byte) (prefix string, err error) {
	const placeholder = "v/{version}/"
	b := bundler{files: files, made: map[string][]byte{}}
	pages := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) == ".html" {
			pages[name] = b.page(name, placeholder)
		}
	}
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
	styles = regexp.MustCompile(`(?m)(?:^ *<link rel="stylesheet" href="[^"]*">\n)+`)
	script = regexp.MustCompile(`<script type="module" src="([^"]*)"`)
	asIs   = regexp.MustCompile(
		`(<script src|<link rel="(?:(?:apple-touch-)?icon|stylesheet)" href)="([^"]*)"`)
	href   = regexp.MustCompile(`href="([^"]*)"`)
	nameAs = regexp.MustCompile(`^([\w$]+)(?: as ([\w$]+))?$`)

	// Those below search whole files, which begin with a line feed for them: the
	// constant text at a pattern's start is found many times faster than (?m)^.
	importLine = regexp.MustCompile(`(?m)\nimport \{([^}]*)\} from '([^']*)'$`)
	exportLine = regexp.MustCompile(
		`\nexport ((?:async function|function|class|const) (?:([\w$]+)|\{ ([\w$, ]+) \}))`)
	// Comments that have their lines to themselves; about a quarter of what would
	// be sent. No text of the page has such lines: a test holds that.
	comment = regexp.MustCompile(`(?m)\n[ \t]*(?://.*|/\*(?:[^*]|\*+[^*/])*\*+/[ \t]*)$`)
	// Comments after code. One with a quote, a backquote or a slash stays: what
	// looks like a comment may be part of a text or a pattern, which ends with one.
	remark = regexp.MustCompile(`(?m) // [^'"\x60/\n]*$`)
	// Types within code, which no text of the page begins like.
	typed  = regexp.MustCompile(`/\*\* @[^*\n]*\*/ ?`)
	indent = regexp.MustCompile(`\n\s+`) // and empty lines
	// Those of the HTML are for readers of the source.
	htmlComment = regexp.MustCompile(`\n[ \t]*<!--(?:[^-]|-[^-]|--[^>])*-->`)
	unknown     = regexp.MustCompile(`\n(?:import|export)\b.*`)
	meta        = regexp.MustCompile(`import\.meta\b`)
	waits       = regexp.MustCompile(`\n(?:(?:const|let) .*= )?await\b.*`)
)

// page returns the HTML with references to files below prefix, which it makes.
// What loads as it is, such as a stylesheet with a condition, only moves.
func (b *bundler) page(name, prefix string) string {
	html := htmlComment.ReplaceAllString(b.read(name), "")
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
			text := comment.ReplaceAllString("\n"+b.read(source), "")
			text = indent.ReplaceAllString(text, "\n")
			css.WriteString(strings.TrimPrefix(text, "\n") + "\n")
			delete(b.made, source)
		}
		run++
		made := fmt.Sprintf("css/%s-%d.css", strings.TrimSuffix(name, ".html"), run)
		b.made[made] = []byte(css.String())
		return `  <link rel="stylesheet" href="` + root + prefix + made + "\">\n"
	})
	return script.ReplaceAllStringFunc(html, func(tag string) string {
		source := script.FindStringSubmatch(tag)[1]
		modules := modules{bundler: b, entry: source, exports: map[string][]string{}, numbers: map[string]int{}}
		modules.add(source)
		b.made[source] = []byte(modules.text.String())
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

// modules writes modules one after the other, each in a function that returns
// its exports, so that their names stay their own. Only the last, which is the
// page's own, needs no function, and so may wait at its top level.
type modules struct {
	*bundler
	entry   string
	text    strings.Builder
	exports map[string][]string // of modules that are begun
	numbers map[string]int      // of modules that are written
}

func (m *modules) add(name string) {
	if m.numbers[name] > 0 || m.err != nil {
		return
	}
	if _, begun := m.exports[name]; begun {
		m.fail("%s imports itself, through others", name)
		return
	}
	source := "\n" + m.read(name)
	m.exports[name] = nil
	for _, export := range exportLine.FindAllStringSubmatch(source, -1) {
		m.exports[name] = append(m.exports[name], strings.Split(export[2]+export[3], ", ")...)
	}
	body := importLine.ReplaceAllStringFunc(source, func(line string) string {
		match := importLine.FindStringSubmatch(line)
		from := path.Join(path.Dir(name), match[2])
		m.add(from)
		return "\n" + m.names(name, match[1], from)
	})
	body = comment.ReplaceAllString(body, "")
	body = exportLine.ReplaceAllString(body, "\n$1")
	if line := unknown.FindString(body) + meta.FindString(body); line != "" {
		m.fail("%s: a bundle cannot have %q", name, strings.TrimPrefix(line, "\n"))
	}
	wait := strings.TrimPrefix(waits.FindString(body), "\n")
	body = typed.ReplaceAllString(remark.ReplaceAllString(body, ""), "")
	body = indent.ReplaceAllString(body, "\n")
	body = strings.TrimPrefix(body, "\n")
	m.numbers[name] = len(m.numbers) + 1
	if name == m.entry {
		m.text.WriteString(body)
		return
	}
	if wait != "" {
		m.fail("%s: an imported module cannot have %q", name, wait)
	}
	fmt.Fprintf(&m.text, "const module$%d = (() => {\n%s\nreturn { %s }\n})()\n",
		m.numbers[name], body, strings.Join(m.exports[name], ", "))
}

// names is an import's list as a declaration. It copies values, which is the
// same as long as exports are constants; exportLine has no let.
func (m *modules) names(importer, list, from string) string {
	var names []string
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "" { // after the last comma
			continue
		}
		match := nameAs.FindStringSubmatch(item)
		if match == nil || !slices.Contains(m.exports[from], match[1]) {
			m.fail("%s imports %q, which %s does not export", importer, item, from)
			return ""
		}
		if match[2] != "" {
			match[1] += ": " + match[2]
		}
		names = append(names, match[1])
	}
	return fmt.Sprintf("const { %s } = module$%d", strings.Join(names, ", "), m.numbers[from])
}
