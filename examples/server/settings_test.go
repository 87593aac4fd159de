package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRefusedSettings(t *testing.T) {
	dir := t.TempDir()
	open := filepath.Join(dir, "open.key")
	if err := os.WriteFile(open, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		env  map[string]string
		args []string
		code int
		want string
	}{
		{"help", nil, []string{"-help"}, 0, "-lock-threshold"},
		{"unknown flag", nil, []string{"-colour"}, 2, "-colour"},
		{"argument", nil, []string{"now"}, 2, `"now" is no flag`},
		{"file database", nil, []string{"-db", "a.db"}, 2, "only :memory:"},
		{"DATABASE_URL", map[string]string{"DATABASE_URL": "postgres://u:canary@h/d"}, nil, 2, "DATABASE_URL is set"},
		{"REDIS_URL", map[string]string{"REDIS_URL": "redis://h"}, nil, 2, "REDIS_URL is set"},
		{"two keys", map[string]string{"AUTH_KEY": "canary"}, []string{"-key-file", "k"}, 2, "both set"},
		{"bad key", map[string]string{"AUTH_KEY": "canary"}, nil, 1, "AUTH_KEY"},
		{"bad key file", nil, []string{"-key-file", open}, 1, "-key-file"},
		{"rate", nil, []string{"-rate", "20"}, 2, "20/10m"},
		{"rate of none", nil, []string{"-rate", "0/10m"}, 2, "20/10m"},
		{"rate in no time", nil, []string{"-rate", "5/0s"}, 2, "20/10m"},
		{"lock", nil, []string{"-lock-first", "48h"}, 2, "MaxLock"},
		{"threshold", nil, []string{"-lock-threshold", "-1"}, 2, "Threshold"},
		{"cost", nil, []string{"-cost", "9", "-demo=false"}, 1, "-cost 9"},
		{"higher cost", nil, []string{"-cost", "16"}, 1, "Cost"},
		{"address", nil, []string{"-addr", "nowhere"}, 1, "-addr"},
		{"open address", nil, []string{"-addr", "0.0.0.0:0"}, 1, "-origin"},
		{"demo on an open address", nil, []string{"-addr", "0.0.0.0:0", "-origin", "https://a.example", "-demo"}, 1, "passwords are public"},
		{"demo behind an open origin", nil, []string{"-origin", "https://a.example", "-demo"}, 1, "passwords are public"},
		{"no mail", nil, []string{"-origin", "https://a.example", "-cost", "10"}, 1, "SMTP_URL is not set"},
		{"plain http", map[string]string{"SMTP_URL": "smtp://localhost"},
			[]string{"-addr", "0.0.0.0:0", "-origin", "http://a.example", "-cost", "10"}, 1, "use https"},
		{"no proxies", map[string]string{"SMTP_URL": "smtp://localhost"},
			[]string{"-origin", "https://a.example", "-cost", "10"}, 1, "Proxies"},
		{"proxies", nil, []string{"-trusted-proxies", "everybody"}, 1, "everybody"},
		{"SMTP_URL", map[string]string{"SMTP_URL": "smtp://u:canary@h/path"}, nil, 1, "SMTP_URL"},
		{"SMTP_FROM", map[string]string{"SMTP_URL": "smtp://localhost", "SMTP_FROM": "nobody"}, nil, 1, "SMTP_FROM"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			var stdout, stderr lockedBuffer
			args := slices.Concat([]string{"-addr", "localhost:0", "-cost", "4"}, tt.args)
			code := run(ctx, args, environment(tt.env), &stdout, &stderr)
			if code != tt.code || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("exit code %d, want %d; standard error, which should say %q:\n%s", code, tt.code, tt.want, &stderr)
			}
			if strings.Contains(stderr.String(), "canary") {
				t.Errorf("standard error tells a secret:\n%s", &stderr)
			}
			if stdout.String() != "" {
				t.Errorf("standard output: %s", &stdout)
			}
		})
	}
}

// For production the same program runs behind a proxy, with a real origin and a key file.
func TestProductionSettings(t *testing.T) {
	key := filepath.Join(t.TempDir(), "keys")
	for range 2 { // makes the file, then reads it
		x := start(t, map[string]string{"SMTP_URL": "smtps://u:canary@mail.example.com"}, "-cost", "10", "-key-file", key,
			"-origin", "https://rail.example", "-trusted-proxies", "127.0.0.0/8,::1", "-rate", "5/1m", "-lock-first", "2s")
		b := newBrowser(t, x.base, "ja", true)
		b.want(b.send("/auth/login", map[string]string{"email": demoEmail, "password": demoPassword}), http.StatusUnauthorized)
		b.want(b.get("/"), http.StatusOK)
		if strings.Contains(b.get("/").body, demoPassword) {
			t.Error("the start page tells the demo password")
		}
		if code := x.stop(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info, err)
	}
}
