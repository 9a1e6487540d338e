package config

import (
	"os"
	"strings"
	"testing"

	"github.com/caarlos0/env/v11"
)

// tableFile has the table of settings.
const tableFile = "docs/configuration.md"

// TestConfigurationTable compares the table of settings with the struct: the
// same names, in the same order, with the same defaults, and a meaning for each.
func TestConfigurationTable(t *testing.T) {
	text, err := os.ReadFile("../../" + tableFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range compareTable(t, string(text)) {
		t.Error(fault)
	}
}

// TestCompareTable shows that the comparison finds each kind of mistake.
func TestCompareTable(t *testing.T) {
	var table strings.Builder
	table.WriteString("# x\n<!-- env -->\n| variable | default | meaning |\n|---|---|---|\n")
	for _, param := range fieldParams(t) {
		value := "`" + param.DefaultValue + "`"
		if param.DefaultValue == "" {
			value = "none"
		}
		table.WriteString("| `" + param.Key + "` | " + value + " | something |\n")
	}
	table.WriteString("<!-- /env -->\n| not | a | row |\n")
	good := table.String()
	if faults := compareTable(t, good); len(faults) > 0 {
		t.Fatalf("faults in a correct table: %q", faults)
	}
	for name, bad := range map[string]string{
		"no table":    "# x\n",
		"no end":      strings.Replace(good, "<!-- /env -->", "", 1),
		"row missing": strings.Replace(good, "| `ROLE` | `all` | something |\n", "", 1),
		"row too many": strings.Replace(good,
			"<!-- /env -->", "| `NEW` | `1` | something |\n<!-- /env -->", 1),
		"wrong default": strings.Replace(good, "`:8080`", "`:80`", 1),
		"no meaning":    strings.Replace(good, "| `all` | something |", "| `all` | |", 1),
		"default of an unset variable in code": strings.Replace(good,
			"| `REDIS_URL` | none |", "| `REDIS_URL` | `none` |", 1),
	} {
		if faults := compareTable(t, bad); len(faults) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}

func fieldParams(t *testing.T) []env.FieldParams {
	t.Helper()
	params, err := env.GetFieldParams(&Config{})
	if err != nil {
		t.Fatal(err)
	}
	return params
}

// compareTable returns what is wrong with the table between the markers. A
// default is written as `code`. If a variable is unset by default, words say what
// happens then.
func compareTable(t *testing.T, document string) (faults []string) {
	t.Helper()
	_, rest, found := strings.Cut(document, "<!-- env -->")
	table, _, closed := strings.Cut(rest, "<!-- /env -->")
	if !found || !closed {
		return []string{tableFile + " has no table between <!-- env --> and <!-- /env -->"}
	}
	var rows [][]string
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if strings.HasPrefix(cells[0], "`") {
			rows = append(rows, cells)
		}
	}
	params := fieldParams(t)
	for i, param := range params {
		if i >= len(rows) || len(rows[i]) != 3 || rows[i][0] != "`"+param.Key+"`" {
			return append(faults, tableFile+": want a row of three cells for "+param.Key+
				" here, as in the order of the struct")
		}
		words, code := rows[i][1], "`"+param.DefaultValue+"`"
		switch {
		case param.DefaultValue != "" && words != code:
			faults = append(faults, param.Key+" has the default "+code+", "+tableFile+" says "+words)
		case param.DefaultValue == "" && (words == "" || strings.HasPrefix(words, "`")):
			faults = append(faults, param.Key+" has no default; "+tableFile+
				" should say in words what happens then, not "+words)
		case rows[i][2] == "":
			faults = append(faults, param.Key+" has no meaning in "+tableFile)
		}
	}
	if len(rows) > len(params) {
		faults = append(faults, tableFile+" has a row for "+rows[len(params)][0]+", which does not exist")
	}
	return faults
}
