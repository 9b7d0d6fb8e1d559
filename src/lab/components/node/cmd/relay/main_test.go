package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// chain starts a server and a relay to it that dials in this process' own namespace.
func chain(t *testing.T, serve func(*net.TCPConn)) *net.TCPConn {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("entering a network namespace needs root")
	}
	listen := func() net.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return l
	}
	server, front := listen(), listen()
	go func() {
		if c, err := server.Accept(); err == nil {
			serve(c.(*net.TCPConn))
		}
	}()
	go accept(front, func() (*net.TCPConn, error) { return dialIn("/proc/self/ns/net", server.Addr().String()) })
	client, err := net.Dial("tcp", front.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client.(*net.TCPConn)
}

func TestHalfClosePassesThrough(t *testing.T) {
	client := chain(t, func(c *net.TCPConn) {
		defer c.Close()
		all, _ := io.ReadAll(c) // returns only when the client's end arrives
		fmt.Fprintf(c, "got %d", len(all))
	})
	sent := strings.Repeat("x", 1<<20)
	if _, err := io.WriteString(client, sent); err != nil {
		t.Fatal(err)
	}
	client.CloseWrite()
	answer, err := io.ReadAll(client)
	if err != nil || string(answer) != fmt.Sprintf("got %d", len(sent)) {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestUnreachableTargetIsAReset(t *testing.T) {
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	go accept(front, func() (*net.TCPConn, error) { return dialIn("/no/such/namespace", "127.0.0.1:1") })
	client, err := net.Dial("tcp", front.Addr().String())
	if err == nil {
		defer client.Close()
		_, err = client.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) { // already at dialling, where the relay is fast
		t.Errorf("expected a reset, got %v", err)
	}
}

func TestArguments(t *testing.T) {
	for _, c := range [][4]string{
		{"0.0.0.0:0", "/proc/self/ns/net", "127.0.0.1:1", "loopback"},
		{"127.0.0.1:0", "/proc/self/ns/net", "host:1", "--to"},
		{"127.0.0.1:0", "/no/such", "127.0.0.1:1", "--netns"},
	} {
		if err := run(c[0], c[1], c[2], ""); err == nil || !strings.Contains(err.Error(), c[3]) {
			t.Errorf("%v: %v", c, err)
		}
	}
}
