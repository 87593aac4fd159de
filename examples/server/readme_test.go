package main

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// The failure that README.md shows is the one this server answers, but for the reference and the port.
func TestREADMEShowsARealFailure(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?ms)^```json\n(.*?)^```$").FindSubmatch(readme)
	if found == nil {
		t.Fatal("README.md shows no failure")
	}
	x := start(t, nil)
	b := newBrowser(t, x.base, "ja", true)
	var a answer
	for range 5 {
		a = b.send("/auth/login", map[string]string{"email": demoEmail, "password": "not the one"})
	}
	if shown, real := document(t, string(found[1])), document(t, a.body); !reflect.DeepEqual(shown, real) {
		t.Errorf("README.md shows\n%v\nthe server answers\n%v", shown, real)
	}
}

// reference is different in each answer.
var reference = regexp.MustCompile(`\?ref=[0-9A-Z]{10}`)

func document(t *testing.T, text string) map[string]any {
	t.Helper()
	var d map[string]any
	text = reference.ReplaceAllString(text, "?ref=")
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for _, name := range []string{"type", "instance", "reference"} {
		value, ok := d[name].(string)
		if !ok {
			t.Errorf("no %s in %s", name, text)
		}
		if name == "type" {
			value = value[strings.LastIndexByte(value, '/'):]
		} else {
			value = ""
		}
		d[name] = value
	}
	return d
}
