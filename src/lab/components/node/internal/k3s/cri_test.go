package k3s

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

func TestCRIReadiness(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	check, err := readiness(Ready{CRI: socket})
	if err != nil {
		t.Fatal(err)
	}
	if check(context.Background()) == nil {
		t.Error("nothing listens yet")
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var initialized atomic.Bool
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		if r.URL.Path != "/runtime.v1.RuntimeService/Version" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		if !initialized.Load() {
			w.Header().Set("Grpc-Status", "2")
			w.Header().Set("Grpc-Message", "server is not initialized yet")
			return
		}
		w.Header().Set("Trailer", "Grpc-Status")
		w.Write(emptyMessage)
		w.Header().Set("Grpc-Status", "0")
	})}
	go server.Serve(listener)
	defer server.Close()
	if err := check(context.Background()); err == nil || !strings.Contains(err.Error(), "not initialized yet") {
		t.Errorf("a runtime that is not initialized is taken for ready: %v", err)
	}
	initialized.Store(true)
	if err := check(context.Background()); err != nil {
		t.Error(err)
	}
}
