package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Unicode's licence asks for it wherever the data goes.
const notice = "© Unicode, Inc. https://www.unicode.org/copyright.html"

const (
	presentation = "\ufe0f"     // asks for the coloured picture
	tones        = "🏻🏼🏽🏾🏿"      // modifiers, each one character
	lightest     = "\U0001f3fb" // the first of them
	anyTone      = "*"          // stands for them in a pattern
)

// list is Unicode's list of emoji: those that are fully qualified, so that each
// has one spelling.
type list struct {
	version string
	emoji   []emoji
}

type emoji struct {
	text, group, name string
}

// parse reads emoji-test.txt, whose lines are
//
//	263A FE0F ; fully-qualified # ☺️ E0.6 smiling face
func parse(r io.Reader) (l list, err error) {
	group := ""
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := lines.Text()
		if version, ok := strings.CutPrefix(line, "# Version: "); ok {
			l.version = version
		}
		if name, ok := strings.CutPrefix(line, "# group: "); ok {
			group = name
		}
		points, rest, ok := strings.Cut(line, ";")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		status, comment, _ := strings.Cut(rest, "#")
		if strings.TrimSpace(status) != "fully-qualified" {
			continue
		}
		one := emoji{group: group}
		for point := range strings.FieldsSeq(points) {
			r, err := strconv.ParseUint(point, 16, 21)
			if err != nil {
				return l, fmt.Errorf("%q: %w", line, err)
			}
			one.text += string(rune(r))
		}
		words := strings.SplitN(strings.TrimSpace(comment), " ", 3) // the emoji, its version, its name
		if len(words) < 3 || words[0] != one.text {
			return l, fmt.Errorf("%q is not a line of an emoji", line)
		}
		one.name = words[2]
		l.emoji = append(l.emoji, one)
	}
	if err := lines.Err(); err != nil {
		return l, fmt.Errorf("read the list: %w", err)
	}
	if l.version == "" || len(l.emoji) == 0 {
		return l, errors.New("this is not Unicode's list of emoji")
	}
	return l, nil
}

// parseWords reads CLDR's annotations and returns the words for each emoji,
// which has no presentation selectors there.
func parseWords(r io.Reader) (map[string][]string, error) {
	var file struct {
		Annotations []struct {
			Text string `xml:"cp,attr"`
			Type string `xml:"type,attr"`
			List string `xml:",chardata"`
		} `xml:"annotations>annotation"`
	}
	if err := xml.NewDecoder(r).Decode(&file); err != nil {
		return nil, fmt.Errorf("read the words: %w", err)
	}
	words := map[string][]string{}
	for _, a := range file.Annotations {
		if a.Type == "" {
			words[a.Text] = strings.Fields(strings.ReplaceAll(a.List, "|", " "))
		}
	}
	return words, nil
}

// forServer returns all emoji, one a line.
func (l list) forServer() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Emoji %s, fully qualified. %s\n", l.version, notice)
	for _, one := range l.emoji {
		fmt.Fprintln(&b, one.text)
	}
	return b.Bytes()
}

// forPage returns, by group, a text per emoji without a skin tone: the emoji,
// its name, more words to find it by, and if it has skin tones the emoji with an
// asterisk for each, separated by bars.
func (l list) forPage(words map[string][]string) []byte {
	known := map[string]bool{}
	patterns := map[string]string{} // by emoji without tones and selectors
	for _, one := range l.emoji {
		known[one.text] = true
		pattern := strings.ReplaceAll(one.text, lightest, anyTone)
		if pattern != one.text && !strings.ContainsAny(pattern, tones) { // two people may differ
			patterns[bare(one.text)] = pattern
		}
	}
	maps.DeleteFunc(patterns, func(_, pattern string) bool {
		return slices.ContainsFunc([]rune(tones), func(tone rune) bool {
			return !known[strings.ReplaceAll(pattern, anyTone, string(tone))]
		})
	})
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"version\": %s, \"notice\": %s, \"groups\": [", quote(l.version), quote(notice))
	group := ""
	for _, one := range l.emoji {
		if strings.ContainsAny(one.text, tones) {
			continue
		}
		line := strings.Join([]string{one.text, one.name, more(one.name, words[bare(one.text)])}, "|")
		if pattern, ok := patterns[bare(one.text)]; ok {
			line += "|" + pattern
		}
		switch {
		case one.group != group && group == "":
			fmt.Fprintf(&b, "\n{\"name\": %s, \"emoji\": [\n%s", quote(one.group), quote(line))
		case one.group != group:
			fmt.Fprintf(&b, "\n]},\n{\"name\": %s, \"emoji\": [\n%s", quote(one.group), quote(line))
		default:
			fmt.Fprintf(&b, ",\n%s", quote(line))
		}
		group = one.group
	}
	b.WriteString("\n]}\n]}\n")
	return b.Bytes()
}

// bare returns an emoji without skin tones and presentation selectors.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(tones+presentation, r) {
			return -1
		}
		return r
	}, text)
}

// more returns the words that are not in the name.
func more(name string, words []string) string {
	var all []string
	for _, word := range words {
		if !slices.Contains(all, word) && !slices.Contains(strings.Fields(name), word) {
			all = append(all, word)
		}
	}
	return strings.Join(all, " ")
}

func quote(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string
	return strings.TrimSuffix(b.String(), "\n")
}
