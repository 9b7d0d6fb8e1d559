package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	streamInterval  = 100 * time.Millisecond
	streamReconnect = 500 * time.Millisecond
)

// acceptStreams echoes whatever arrives on each connection.
func acceptStreams(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			io.Copy(connection, connection)
		}()
	}
}

// streamClient keeps one connection for as long as it lives and counts what comes back.
type streamClient struct {
	address string

	lock           sync.Mutex
	connectedSince time.Time // zero while not connected
	lastEcho       time.Time // or the first connection, before any echo
	longestGap     time.Duration
	sent, received int64
	breaks         int64
}

// streamStats is what /stats shows. Gaps are between echoes, across breaks, and include the one under way.
type streamStats struct {
	ConnectedSince *time.Time `json:"connectedSince"`
	Sent           int64      `json:"sent"`
	Received       int64      `json:"received"`
	Breaks         int64      `json:"breaks"`
	LongestGapMs   int64      `json:"longestGapMs"`
	CurrentGapMs   int64      `json:"currentGapMs"`
}

func newStreamClient(address string) *streamClient { return &streamClient{address: address} }

func (c *streamClient) stats() streamStats {
	c.lock.Lock()
	defer c.lock.Unlock()
	out := streamStats{Sent: c.sent, Received: c.received, Breaks: c.breaks}
	if !c.connectedSince.IsZero() {
		since := c.connectedSince.UTC()
		out.ConnectedSince = &since
	}
	longest := c.longestGap
	if !c.lastEcho.IsZero() {
		gap := time.Since(c.lastEcho)
		out.CurrentGapMs = gap.Milliseconds()
		longest = max(longest, gap)
	}
	out.LongestGapMs = longest.Milliseconds()
	return out
}

func (c *streamClient) serveStats(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, c.stats())
}

// run connects, and again only after a break, until ctx ends.
func (c *streamClient) run(ctx context.Context) {
	for ctx.Err() == nil {
		connection, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", c.address)
		if err == nil {
			err = c.talk(ctx, connection)
			c.lock.Lock()
			c.connectedSince = time.Time{}
			if ctx.Err() == nil {
				c.breaks++
			}
			c.lock.Unlock()
		}
		if ctx.Err() == nil {
			fmt.Fprintf(os.Stderr, "shop stream-client: %s\n", err)
			select {
			case <-ctx.Done():
			case <-time.After(streamReconnect):
			}
		}
	}
}

// talk sends a numbered line every 100 ms until the connection breaks: reset, end, or another line than the
// next one expected. A stall is no break; it shows as a gap.
func (c *streamClient) talk(ctx context.Context, connection net.Conn) error {
	defer connection.Close()
	now := time.Now()
	c.lock.Lock()
	c.connectedSince = now
	if c.lastEcho.IsZero() {
		c.lastEcho = now
	}
	c.lock.Unlock()
	broken := make(chan error, 2)
	go func() { broken <- c.receive(connection) }()
	go func() { // apart from receiving, since a write blocks when the peer stalls for long
		ticker := time.NewTicker(streamInterval)
		defer ticker.Stop()
		for number := int64(1); ; number++ {
			if _, err := fmt.Fprintf(connection, "%d\n", number); err != nil {
				broken <- err
				return
			}
			c.lock.Lock()
			c.sent++
			c.lock.Unlock()
			<-ticker.C
		}
	}()
	select {
	case err := <-broken:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *streamClient) receive(connection net.Conn) error {
	reader := bufio.NewReader(connection)
	for expected := int64(1); ; expected++ {
		line, err := reader.ReadString('\n')
		if err != nil {
			return err
		}
		if got, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64); err != nil || got != expected {
			return fmt.Errorf("expected line %d, received %q", expected, line)
		}
		c.lock.Lock()
		now := time.Now()
		c.longestGap = max(c.longestGap, now.Sub(c.lastEcho))
		c.lastEcho = now
		c.received++
		c.lock.Unlock()
	}
}
