// Command server shows the library as a person meets it: sign up, confirm by mail, sign in, mistype, wait or reset, get in.
//
//	go run ./examples/server
//
// On a machine of one's own it comes with accounts to try and an outbox in place of a mail server. Everything is kept in
// memory and gone when it ends. Run it with -help for the flags.
//
// The environment: AUTH_KEY holds keys as text in place of -key-file; SMTP_URL (smtp://user:password@host:587) sends mail
// for real, from SMTP_FROM. The first line on standard output says where it listens; logs go to standard error. SIGTERM and
// SIGINT end it once open requests are answered.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// drain is how long open requests and mails being sent may take at the end.
const drain = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main with everything from outside as an argument. It returns the exit code once ctx has ended and what was open is
// finished: 0, 1 for what cannot be served, 2 for flags that cannot be read.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	s, err := parse(args, getenv, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "server:", err)
		return 2
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	if err := serve(ctx, s, log, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "server:", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, s settings, log *slog.Logger, stdout io.Writer) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	defer func() { _ = listener.Close() }()
	if err := s.settle(listener.Addr()); err != nil {
		return err
	}
	site, err := build(ctx, s, log)
	if err != nil {
		return err
	}
	// The worker outlives ctx, so that what was promised by the last requests is begun.
	workCtx, endWork := context.WithCancel(context.WithoutCancel(ctx))
	defer endWork()
	var worker sync.WaitGroup
	worker.Go(func() {
		if err := site.svc.Run(workCtx); err != nil {
			log.Error("mail stops", "err", err)
		}
	})
	srv := &http.Server{
		Handler:           site,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 5 * time.Second, // slow senders hold a connection no longer
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	if _, err := fmt.Fprintln(stdout, "listening on http://"+s.shown); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	s.announce(log)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("ending")
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		log.Warn("requests were cut off", "err", err)
	}
	endWork()
	wait(end, &worker)
	return nil
}

// wait returns when the worker has finished or ctx ends.
func wait(ctx context.Context, worker *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		worker.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}
