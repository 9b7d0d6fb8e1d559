// Command relay carries TCP connections from the machine's loopback into a network namespace of the lab,
// whose underlay has no way out: `relay --listen 127.0.0.1:0 --netns /run/netns/fl-x-net --to
// 192.168.77.11:6443 [--pid-file FILE]`. It stands in for what a routed network (or `kubectl` on a machine
// within reach) would give: the way from the host to the lab's API server.
//
// The first line on stdout is {"address":"127.0.0.1:PORT","port":PORT}. The pid file holds the process id
// and its start time (field 22 of /proc/PID/stat), so that nobody else's process is ever ended by it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const dialTimeout = 5 * time.Second

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "loopback address and port to accept on; port 0 picks one")
	netns := flag.String("netns", "", "file of the network namespace to dial in, such as /run/netns/NAME")
	to := flag.String("to", "", "address and port to dial in that namespace")
	pidFile := flag.String("pid-file", "", "file to write the process id and start time to")
	flag.Parse()
	if err := run(*listen, *netns, *to, *pidFile); err != nil {
		fmt.Fprintf(os.Stderr, "relay: %s\n", err)
		os.Exit(1)
	}
}

func run(listen, netns, to, pidFile string) error {
	at, err := netip.ParseAddrPort(listen)
	if err != nil || !at.Addr().IsLoopback() {
		return fmt.Errorf("--listen %q: expected a loopback address and a port: the lab is for this machine only", listen)
	}
	if _, err := netip.ParseAddrPort(to); err != nil {
		return fmt.Errorf("--to %q: expected an address and a port", to)
	}
	if _, err := os.Stat(netns); err != nil {
		return fmt.Errorf("--netns: %w", err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	if pidFile != "" {
		if err := writePidFile(pidFile); err != nil {
			return err
		}
		defer os.Remove(pidFile)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	json.NewEncoder(os.Stdout).Encode(map[string]any{"address": listener.Addr().String(), "port": port})
	go func() {
		<-ctx.Done()
		listener.Close()
	}()
	err = accept(listener, func() (*net.TCPConn, error) { return dialIn(netns, to) })
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func writePidFile(path string) error {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return err
	}
	// The second field, the name, may hold spaces; it ends at the last parenthesis. Field 22 is the 20th after it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	return os.WriteFile(path, []byte(fmt.Sprintf("%d %s\n", os.Getpid(), fields[19])), 0o644)
}

// accept relays every connection until the listener is closed.
func accept(listener net.Listener, dial func() (*net.TCPConn, error)) error {
	for {
		near, err := listener.Accept()
		if err != nil {
			if temporary(err) {
				time.Sleep(50 * time.Millisecond) // out of file descriptors, say: others may end meanwhile
				continue
			}
			return err
		}
		go func() {
			far, err := dial()
			if err != nil {
				fmt.Fprintf(os.Stderr, "relay: %s\n", err)
				near.(*net.TCPConn).SetLinger(0) // a reset, so that the client sees a failure and not an empty answer
				near.Close()
				return
			}
			relay(near.(*net.TCPConn), far)
		}()
	}
}

// temporary errors of accept say nothing about the listener.
func temporary(err error) bool {
	return slices.ContainsFunc([]error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED},
		func(passing error) bool { return errors.Is(err, passing) })
}

// dialIn connects from within a network namespace. The namespace is opened anew each time: a lab's node
// gets another one when it is rebooted.
func dialIn(netns, to string) (*net.TCPConn, error) {
	type result struct {
		connection net.Conn
		err        error
	}
	done := make(chan result)
	go func() {
		// The thread enters the namespace and is never unlocked, so it ends together with this goroutine and
		// no other goroutine ever runs in there. A socket stays in the namespace where it was made.
		runtime.LockOSThread()
		file, err := os.Open(netns)
		if err == nil {
			err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET)
			file.Close()
		}
		if err != nil {
			done <- result{nil, fmt.Errorf("entering %s: %w", netns, err)}
			return
		}
		connection, err := net.DialTimeout("tcp", to, dialTimeout)
		done <- result{connection, err}
	}()
	got := <-done
	if got.err != nil {
		return nil, got.err
	}
	return got.connection.(*net.TCPConn), nil
}

// relay copies both ways; the end of one direction is passed on as such, and the other goes on.
func relay(a, b *net.TCPConn) {
	defer a.Close()
	defer b.Close()
	var both sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{a, b}, {b, a}} {
		both.Go(func() {
			if _, err := io.Copy(way[0], way[1]); err != nil {
				a.Close()
				b.Close()
				return
			}
			way[0].CloseWrite()
		})
	}
	both.Wait()
}
