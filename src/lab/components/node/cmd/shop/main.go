// Command shop is the lab's demo application, one binary with the role as its first argument. It stands in
// for a user's services, which cannot be had here: three tiers behind Services (web → catalog → ledger), a
// long-lived TCP stream, and a single-replica job.
//
// Environment: PORT (8080), POD_NAME, NODE_NAME, DRAIN_SECONDS (5; how long to go on serving after SIGTERM),
// UPSTREAM_URL (web: http://catalog:8080, catalog: http://ledger:8080, ledger: none),
// STREAM_ADDRESS (stream-server:7000) and STREAM_PORT (7000).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	role := ""
	if len(os.Args) == 2 {
		role = os.Args[1]
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if err := run(ctx, role); err != nil {
		fmt.Fprintf(os.Stderr, "shop %s: %s\n", role, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, role string) error {
	drain, err := strconv.ParseFloat(env("DRAIN_SECONDS", "5"), 64)
	if err != nil || drain < 0 {
		return fmt.Errorf("DRAIN_SECONDS: expected a number of seconds, found %q", os.Getenv("DRAIN_SECONDS"))
	}
	one := &service{address: ":" + env("PORT", "8080"), drain: time.Duration(drain * float64(time.Second))}
	switch role {
	case "web":
		one.root = tier(role, env("UPSTREAM_URL", "http://catalog:8080"))
	case "catalog":
		one.root = tier(role, env("UPSTREAM_URL", "http://ledger:8080"))
	case "ledger":
		one.root = tier(role, "")
	case "job":
		one.root = job(ctx)
	case "stream-server":
		listener, err := net.Listen("tcp", ":"+env("STREAM_PORT", "7000"))
		if err != nil {
			return err
		}
		defer listener.Close() // after draining
		go acceptStreams(listener)
		one.root = tier(role, "")
	case "stream-client":
		client := newStreamClient(env("STREAM_ADDRESS", "stream-server:7000"))
		go client.run(ctx)
		one.root = tier(role, "")
		one.stats = client.serveStats
		one.drain = 0 // nobody calls it but to read its figures
	default:
		return errors.New("expected one role: web, catalog, ledger, job, stream-server or stream-client")
	}
	return one.serve(ctx)
}

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// service is the HTTP side that every role has.
type service struct {
	address string
	drain   time.Duration
	root    http.HandlerFunc
	stats   http.HandlerFunc
	leaving atomic.Bool
}

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if s.leaving.Load() {
			http.Error(w, "shutting down", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /{$}", s.root)
	if s.stats != nil {
		mux.HandleFunc("GET /stats", s.stats)
	}
	return mux
}

// serve runs until ctx ends, then is unready but goes on answering while endpoints are withdrawn, and
// finishes requests in flight.
func (s *service) serve(ctx context.Context) error {
	server := &http.Server{Addr: s.address, Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.leaving.Store(true)
	select {
	case err := <-failed:
		return err
	case <-time.After(s.drain):
	}
	last, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return server.Shutdown(last)
}

func respond(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
