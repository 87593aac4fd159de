package authhttp

import (
	"net/http"
	"testing"
)

func TestWantsJSON(t *testing.T) {
	tests := []struct {
		accept, contentType string
		want, api           bool // for pages, and where there is no page
	}{
		{"", "", false, true},
		{"*/*", "", false, true},
		{"application/json", "", true, true},
		{"APPLICATION/JSON", "", true, true},
		{"application/problem+json", "", true, true},
		{"application/json;q=0", "", false, true},
		{"application/json; q=0.0, text/html", "", false, false},
		{"text/html", "", false, false},
		{"text/html;q=0", "", false, true},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", false, false},
		{"application/json, text/plain, */*", "", true, true},
		{"text/plain", "", false, true},
		{"application/jsonp", "", false, true},
		{"text/html", "application/json", true, true},
		{"", "application/json; charset=utf-8", true, true},
		{"", formType, false, true},
		{"application/json", formType, true, true},
		{";;;,,,q=", "", false, true},
	}
	for _, tt := range tests {
		r := &http.Request{Method: http.MethodPost, Header: http.Header{}, ContentLength: 2}
		if tt.accept != "" {
			r.Header.Set("Accept", tt.accept)
		}
		if tt.contentType != "" {
			r.Header.Set("Content-Type", tt.contentType)
		}
		if got := wantsJSON(r, false); got != tt.want {
			t.Errorf("Accept %q, Content-Type %q: %v", tt.accept, tt.contentType, got)
		}
		if got := wantsJSON(r, true); got != tt.api {
			t.Errorf("Accept %q, Content-Type %q, no page: %v", tt.accept, tt.contentType, got)
		}
	}
}
