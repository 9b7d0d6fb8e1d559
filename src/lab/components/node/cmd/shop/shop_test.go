package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: did not happen", what)
		}
	}
}

func get(t *testing.T, url string) (int, answer) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got answer
	json.NewDecoder(response.Body).Decode(&got)
	return response.StatusCode, got
}

func start(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewServer((&service{root: handler}).handler())
	t.Cleanup(server.Close)
	return server.URL
}

func TestThreeTiersEchoTheNonce(t *testing.T) {
	t.Setenv("POD_NAME", "p")
	t.Setenv("NODE_NAME", "n")
	web := start(t, tier("web", start(t, tier("catalog", start(t, tier("ledger", ""))))))
	status, got := get(t, web+"/?nonce=a%26b")
	if status != 200 || got.Nonce != "a&b" || got.Pod != "p" || got.Node != "n" || got.Upstream.Role != "catalog" ||
		got.Upstream.Upstream.Role != "ledger" || got.Upstream.Upstream.Nonce != "a&b" {
		t.Errorf("%d %+v", status, got)
	}
	if status, _ = get(t, web+"/other"); status != 404 {
		t.Errorf("another path: %d", status)
	}
}

func TestUpstreamFailureAndForeignAnswer(t *testing.T) {
	foreign := start(t, func(w http.ResponseWriter, _ *http.Request) { respond(w, 200, answer{Nonce: "stale"}) })
	page := start(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
	for upstream, want := range map[string]string{
		foreign: `nonce "stale"`, page: "without the expected JSON", "http://127.0.0.1:1": "connection refused",
		start(t, tier("catalog", "http://127.0.0.1:1")): "502",
	} {
		status, got := get(t, start(t, tier("web", upstream))+"/?nonce=x")
		if status != 502 || !strings.Contains(got.Error, want) {
			t.Errorf("%s: %d %+v", want, status, got)
		}
	}
}

func TestDrainsBeforeItEnds(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	probe.Close()
	ctx, stop := context.WithCancel(context.Background())
	one := &service{address: address, drain: 500 * time.Millisecond, root: tier("ledger", "")}
	ended := make(chan error, 1)
	go func() { ended <- one.serve(ctx) }()
	eventually(t, "ready", func() bool {
		response, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == 200
	})
	stop()
	eventually(t, "unready", func() bool { status, _ := get(t, "http://"+address+"/readyz"); return status == 503 })
	if status, got := get(t, "http://"+address+"/?nonce=late"); status != 200 || got.Nonce != "late" {
		t.Errorf("must go on serving while it drains: %d", status)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestStreamCountsBreaksAndGaps(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	release := make(chan struct{})
	go func() { // the first connection echoes two lines, stalls, and breaks; later ones behave
		first, err := listener.Accept()
		if err != nil {
			return
		}
		reader := bufio.NewReader(first)
		for range 2 {
			line, _ := reader.ReadString('\n')
			fmt.Fprint(first, line)
		}
		<-release
		first.Close()
		acceptStreams(listener)
	}()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c := newStreamClient(listener.Addr().String())
	go c.run(ctx)
	eventually(t, "stall", func() bool { s := c.stats(); return s.Received == 2 && s.CurrentGapMs > 150 })
	if s := c.stats(); s.Breaks != 0 || s.ConnectedSince == nil || s.LongestGapMs < 150 {
		t.Errorf("a stall is a gap, not a break: %+v", s)
	}
	close(release)
	eventually(t, "recovery", func() bool { s := c.stats(); return s.Breaks == 1 && s.Received >= 4 && s.ConnectedSince != nil })
	if s := c.stats(); s.LongestGapMs < 500 || s.Sent < s.Received {
		t.Errorf("the gap spans the break: %+v", s)
	}
}

func TestRoleAndSettingsAreChecked(t *testing.T) {
	if err := run(context.Background(), "florist"); err == nil {
		t.Error("an unknown role must be refused")
	}
	t.Setenv("DRAIN_SECONDS", "long")
	if err := run(context.Background(), "web"); err == nil || !strings.Contains(err.Error(), "DRAIN_SECONDS") {
		t.Errorf("%v", err)
	}
}
