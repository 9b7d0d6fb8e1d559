package k3s

// Children of the k3s process. K3s runs most components inside itself, so they share its fate: any of
// them ending ends k3s (systemd then restarts it), and they die with it however it dies. Containers live
// on, because containerd's shims are not children.

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	readyPoll = 50 * time.Millisecond
	stopLimit = 5 * time.Second
)

type child struct {
	Component
	process *os.Process
	done    chan struct{} // closed when it has ended
	ready   chan struct{} // closed when it is ready
}

type supervisor struct {
	output   io.Writer
	children map[string]*child
	order    []*child
	// onReady is done once a component answers, before anything that comes after it is started.
	onReady  map[string]func(context.Context)
	spawn    chan func() // work for the thread that starts processes
	failed   chan error  // the first child that ends, or cannot be started
	stopping chan struct{}
	limit    time.Duration // for stop
	lock     sync.Mutex    // output, and process against stopping
}

func newSupervisor(components []Component, output io.Writer) *supervisor {
	s := &supervisor{
		output: output, children: map[string]*child{}, onReady: map[string]func(context.Context){}, spawn: make(chan func()),
		failed: make(chan error, 2*len(components)), stopping: make(chan struct{}), limit: stopLimit,
	}
	for _, c := range components {
		one := &child{Component: c, done: make(chan struct{}), ready: make(chan struct{})}
		s.children[c.Name] = one
		s.order = append(s.order, one)
	}
	// The parent-death signal is sent when the *thread* that created a process ends, so one thread, kept
	// for ever, creates them all.
	go func() {
		runtime.LockOSThread()
		for work := range s.spawn {
			work()
		}
		select {} // a locked goroutine that returned would end its thread
	}()
	return s
}

// run starts every component as soon as what it comes after is ready; it returns when all are ready, the
// first has failed, or ctx ends.
func (s *supervisor) run(ctx context.Context) error {
	for _, c := range s.order {
		go func() {
			if err := s.bringUp(ctx, c); err != nil {
				s.failed <- err
			}
		}()
	}
	for _, c := range s.order {
		select {
		case <-c.ready:
		case err := <-s.failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// waitReady waits for one component; false when it does not exist or ctx ended first.
func (s *supervisor) waitReady(ctx context.Context, name string) bool {
	c := s.children[name]
	if c == nil {
		return false
	}
	select {
	case <-c.ready:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *supervisor) bringUp(ctx context.Context, c *child) error {
	for _, name := range c.After {
		before := s.children[name]
		if before == nil { // of the other role, or switched off
			continue
		}
		select {
		case <-before.ready:
		case <-ctx.Done():
			return nil
		case <-s.stopping:
			return nil
		}
	}
	if c.StartWhen != nil {
		if ok, err := s.await(ctx, c, *c.StartWhen, "what it starts after"); !ok {
			return err
		}
	}
	result := make(chan error)
	s.spawn <- func() { result <- s.start(c) }
	if err := <-result; err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	if c.process == nil { // stopped before it was started
		return nil
	}
	if c.Ready != nil {
		began := time.Now()
		if ok, err := s.await(ctx, c, *c.Ready, "it to become ready"); !ok {
			return err
		}
		logf("info", "%s is ready after %d ms", c.Name, time.Since(began).Milliseconds())
	}
	if act := s.onReady[c.Name]; act != nil {
		act(ctx)
	}
	close(c.ready)
	return nil
}

// await looks again and again until the condition holds; false when the component has ended (whoever waits for
// its end reports that) or k3s is to stop.
func (s *supervisor) await(ctx context.Context, c *child, condition Ready, what string) (bool, error) {
	check, err := readiness(condition)
	if err != nil {
		return false, fmt.Errorf("%s: %w", c.Name, err)
	}
	for reported := time.Now(); ; {
		err := check(ctx)
		if err == nil {
			return true, nil
		}
		if time.Since(reported) > 10*time.Second {
			reported = time.Now()
			logf("info", "%s: waiting for %s: %s", c.Name, what, err)
		}
		select {
		case <-time.After(readyPoll):
		case <-c.done:
			return false, nil
		case <-ctx.Done():
			return false, nil
		case <-s.stopping:
			return false, nil
		}
	}
}

// start runs on the spawning thread.
func (s *supervisor) start(c *child) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	select {
	case <-s.stopping:
		return nil
	default:
	}
	program, err := findProgram(c.Argv[0])
	if err != nil {
		return err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer write.Close()
	// A group of its own: Ctrl-C on a terminal is for k3s, which then stops the children in order.
	cmd := &exec.Cmd{
		Path: program, Args: c.Argv, Env: os.Environ(), Stdout: write, Stderr: write,
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true},
	}
	for name, value := range c.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		read.Close()
		return err
	}
	logf("info", "Running %s", strings.Join(c.Argv, " "))
	c.process = cmd.Process
	go s.copyOutput(c.Name, read)
	go func() {
		err := cmd.Wait()
		close(c.done)
		if err == nil {
			err = errors.New("exit status 0")
		}
		s.failed <- fmt.Errorf("%s exited: %w", c.Name, err)
	}()
	return nil
}

func (s *supervisor) copyOutput(name string, from *os.File) {
	defer from.Close()
	reader := bufio.NewReaderSize(from, 64<<10)
	for {
		line, _, err := reader.ReadLine() // a longer line comes in pieces, which is fine for a log
		if err != nil {
			return
		}
		s.lock.Lock()
		fmt.Fprintf(s.output, "%s: %s\n", name, line)
		s.lock.Unlock()
	}
}

// stop ends the children, those that depend on others first, within s.limit altogether.
func (s *supervisor) stop() {
	s.lock.Lock()
	close(s.stopping)
	s.lock.Unlock()
	components := make([]Component, len(s.order))
	for i, c := range s.order {
		components[i] = c.Component
	}
	depth, _ := depths(components) // validated when loaded: no cycles
	deepest := 0
	for _, d := range depth {
		deepest = max(deepest, d)
	}
	deadline := time.Now().Add(s.limit)
	for level := deepest; level >= 0; level-- {
		var wave []*child
		for i := len(s.order) - 1; i >= 0; i-- {
			if c := s.order[i]; depth[c.Name] == level && c.process != nil {
				wave = append(wave, c)
				c.process.Signal(c.stop())
			}
		}
		// Each level gets an equal share of what is left; who is slower than that is killed.
		limit := time.Now().Add(time.Until(deadline) / time.Duration(level+1))
		for _, c := range wave {
			select {
			case <-c.done:
				continue
			case <-time.After(max(time.Until(limit), time.Millisecond)):
			}
			logf("warning", "%s did not stop in time: killed", c.Name)
			c.process.Kill()
			<-c.done
		}
	}
}

// readiness makes the check that a Ready describes.
func readiness(r Ready) (func(context.Context) error, error) {
	switch {
	case r.CRI != "":
		return criAnswers(r.CRI), nil
	case r.File != "":
		return func(context.Context) error { _, err := os.Stat(r.File); return err }, nil
	}
	config := &tls.Config{InsecureSkipVerify: r.CA == ""} // without a CA: loopback, and only "is it up"
	if r.CA != "" {
		pem, err := os.ReadFile(r.CA)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s: holds no certificate", r.CA)
		}
	}
	if r.Cert != "" {
		pair, err := tls.LoadX509KeyPair(r.Cert, r.Key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode/100 != 2 {
			return fmt.Errorf("%s answered %s", r.URL, response.Status)
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		if err == nil && !strings.Contains(string(body), r.Contains) {
			err = fmt.Errorf("%s does not say %s yet", r.URL, r.Contains)
		}
		return err
	}, nil
}
