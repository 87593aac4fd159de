package integration

import (
	"context"
	"net"
	"os"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// away is a host name that leads to this machine without saying so, so that the library treats it like any other host:
// nothing without TLS.
const away = "mail.rail.test"

// TestMain makes this process's resolver ask a name server of its own, which has one answer for everything.
func TestMain(m *testing.M) {
	names, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go serveNames(names)
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", names.LocalAddr().String())
	}}
	code := m.Run()
	_ = names.Close()
	os.Exit(code)
}

// serveNames answers that every name is 127.0.0.1, until conn is closed.
func serveNames(conn net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, peer, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var query dnsmessage.Message
		if query.Unpack(buf[:n]) != nil || len(query.Questions) != 1 {
			continue
		}
		q := query.Questions[0]
		answer := dnsmessage.Message{
			Header:    dnsmessage.Header{ID: query.ID, Response: true, RecursionAvailable: true},
			Questions: query.Questions,
		}
		if q.Type == dnsmessage.TypeA {
			answer.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
			}}
		}
		packed, err := answer.Pack()
		if err != nil {
			continue
		}
		_, _ = conn.WriteTo(packed, peer)
	}
}
