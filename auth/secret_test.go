package auth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sekisho-auth/sekisho/auth"
	"github.com/sekisho-auth/sekisho/errcodes"
	"github.com/sekisho-auth/sekisho/internal/storeprobe"
	tok "github.com/sekisho-auth/sekisho/internal/token"
)

func TestSecretsDoNotPrint(t *testing.T) {
	const canary = "canary-canary-canary-canary-canary-canary-0"
	key, err := auth.ParseKey(auth.NewKey().Reveal())
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		P auth.Password
		T auth.Token
		K auth.Key
		R auth.Keys
		k auth.Key // unexported: fmt does not call its methods
		C auth.Credentials
		S auth.Session
	}
	h := holder{P: canary, T: canary, K: key, k: key, R: auth.Keys{}, C: creds("a@example.com", canary), S: auth.Session{Token: canary}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		fmt.Fprintf(&out, verb+" ", h)
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", h.P, h.T, h.K)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "p", h.P, "t", h.T, "k", h.K, "all", h, "c", h.C)
	}
	if err := json.NewEncoder(&out).Encode(h); err != nil {
		t.Fatal(err)
	}
	keys, err := auth.ParseKeys(key.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	svc, _ := newService(t, func(c *auth.Config) { c.Keys = keys; fmt.Fprintf(&out, "%v %+v %#v", *c, *c, *c) })
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+" "+verb+"\n", keys, svc)
	}
	raw, err := base64.StdEncoding.DecodeString(key.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for name, secret := range map[string]string{
		"canary": canary, "hex": fmt.Sprintf("%x", canary), "HEX": fmt.Sprintf("%X", canary), "key": key.Reveal(), "raw key": string(raw),
		"key as numbers": strings.Trim(fmt.Sprint(raw), "[]"), "key in hex": hex.EncodeToString(raw),
		"key in HEX": strings.ToUpper(hex.EncodeToString(raw)),
	} {
		if strings.Contains(text, secret) {
			t.Errorf("%s was printed", name)
		}
	}
	if auth.Token(canary).Reveal() != canary {
		t.Error("Reveal does not reveal")
	}
}

// lockedBuffer is a log that many goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// TestCanary walks through the service, with faults, and looks for secrets in
// everything that is written: the log, the errors, the events, the rows.
func TestCanary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const secret = auth.Password("canary pass phrase one two three")
		var log lockedBuffer
		var out strings.Builder
		var stores auth.Stores
		var probe *storeprobe.Probe
		svc, box := newService(t, func(c *auth.Config) {
			noLimits(c)
			stores = c.Stores
			c.Stores, probe = storeprobe.Wrap(c.Stores)
			c.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
		running(t, svc)
		note := func(err error) { fmt.Fprintf(&out, "%v %+v %#v %v\n", err, err, err, errcodes.LogAttr(err)) }
		ctx := errcodes.ContextWithReference(t.Context(), "7Q3KM2XP9D")
		browser := auth.Token(tok.New())
		secrets := []string{string(secret), browser.Reveal()}

		note(svc.Register(ctx, auth.Registration{Email: "taro@example.com", Password: secret, Browser: browser, Client: home}))
		link := token(mailed(t, box, "verify", "taro@example.com"))
		_, err := svc.VerifyEmail(ctx, auth.Verification{Token: link, Browser: browser, Client: home})
		note(err)
		sess, err := svc.Login(ctx, creds("taro@example.com", secret))
		note(err)
		secrets = append(secrets, link.Reveal(), sess.Token.Reveal())
		for i := range 12 {
			probe.Reset(func(n int, _ string) error {
				if n == i {
					return storeprobe.ErrInjected
				}
				return nil
			})
			_, err = svc.Login(ctx, creds("taro@example.com", secret))
			note(err)
			_, err = svc.Login(ctx, creds("taro@example.com\r\n\u202e", secret))
			note(err)
			_, err = svc.Login(ctx, creds("taro@example.com", secret+"x"))
			note(err)
			_, err = svc.ChangePassword(ctx, sess.Token, secret, secret, home)
			note(err)
			note(svc.Recovery().Request(ctx, "taro@example.com", home))
			synctest.Wait()
		}
		probe.Reset(nil)
		for _, m := range box.take() {
			if m.Kind == "reset" {
				secrets = append(secrets, token(m).Reveal())
			}
		}
		events, err := stores.Events.ByReference(ctx, "7Q3KM2XP9D")
		if err != nil || len(events) == 0 {
			t.Fatal(len(events), err)
		}
		fmt.Fprintf(&out, "%+v\n", events)
		fmt.Fprintf(&out, "%+v %+v %+v\n", stores.Tickets, stores.Sessions, stores.Queue)
		text := out.String() + log.String()
		for i, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("secret %d was written", i)
			}
		}
		for _, line := range []string{log.String(), fmt.Sprintf("%+v", events)} {
			if strings.Contains(line, "taro@example.com") {
				t.Error("an address stands in the log or in the events")
			}
			if strings.ContainsAny(line, "\r\u202e") {
				t.Error("control or bidi characters stand in the log")
			}
		}
	})
}
