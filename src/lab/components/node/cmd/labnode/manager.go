package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// service is a unit's life: at most one main process at a time.
type service struct {
	unit  *Unit
	pid   int
	since time.Time
	// startMonotonic is `since` in microseconds of CLOCK_MONOTONIC.
	startMonotonic int64
	wanted         bool
	failed         bool
	lastEnd        string
	restart        *time.Timer
	ended          chan struct{}
}

type manager struct {
	lock     sync.Mutex
	spec     Spec
	services map[string]*service
}

func newManager(spec Spec) *manager {
	return &manager{spec: spec, services: map[string]*service{}}
}

func (m *manager) startEnabled() {
	entries, _ := os.ReadDir(wantsDir)
	names := []string{}
	for _, entry := range entries {
		names = append(names, unitName(entry.Name()))
	}
	sort.Strings(names)
	for _, name := range names {
		if err := m.start(name); err != nil {
			fmt.Fprintf(os.Stderr, "start %s: %v\n", name, err)
		}
	}
}

func (m *manager) start(name string) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	unit, err := loadUnit(name)
	if err != nil {
		return err
	}
	current := m.services[unit.Name]
	if current == nil {
		current = &service{}
		m.services[unit.Name] = current
	}
	if current.restart != nil {
		current.restart.Stop()
		current.restart = nil
	}
	current.unit = unit
	current.wanted, current.failed = true, false
	if current.pid != 0 {
		return nil
	}
	return m.launch(current)
}

// launch starts the main process; the lock is held.
func (m *manager) launch(s *service) error {
	program, err := exec.LookPath(s.unit.ExecStart[0])
	if err != nil {
		s.failed = true
		return fmt.Errorf("%s.service: %w", s.unit.Name, err)
	}
	output, err := openJournal(s.unit.Name)
	if err != nil {
		return err
	}
	null, err := os.Open("/dev/null")
	if err != nil {
		return err
	}
	defer null.Close()
	pid, err := syscall.ForkExec(program, s.unit.ExecStart, &syscall.ProcAttr{
		Dir:   "/",
		Env:   append(os.Environ(), s.unit.Environment...),
		Files: []uintptr{null.Fd(), output.Fd(), output.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	output.Close()
	if err != nil {
		s.failed = true
		return fmt.Errorf("%s.service: %w", s.unit.Name, err)
	}
	s.pid, s.since, s.ended = pid, time.Now(), make(chan struct{})
	s.startMonotonic = monotonic()
	note(s.unit.Name, "Started %s.service - %s.", s.unit.Name, s.unit.Description)
	return nil
}

// exited is told of every reaped process; most are orphans that nobody asked about.
func (m *manager) exited(pid int, status syscall.WaitStatus) {
	m.lock.Lock()
	defer m.lock.Unlock()
	for _, s := range m.services {
		if s.pid != pid {
			continue
		}
		s.pid = 0
		s.lastEnd = describe(status)
		close(s.ended)
		note(s.unit.Name, "%s.service: Main process exited, %s", s.unit.Name, s.lastEnd)
		clean := status.Exited() && status.ExitStatus() == 0
		if s.wanted && (s.unit.Restart == "always" || s.unit.Restart == "on-failure" && !clean) {
			s.restart = time.AfterFunc(s.unit.RestartSec, func() { m.relaunch(s) })
			return
		}
		if s.wanted && !clean {
			s.failed = true
		}
		s.wanted = false
	}
}

func (m *manager) relaunch(s *service) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if !s.wanted || s.pid != 0 {
		return
	}
	s.restart = nil
	if err := m.launch(s); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// stop ends the main process (and, by KillMode, its group): SIGTERM, and SIGKILL when the time is over.
func (m *manager) stop(name string) error {
	m.lock.Lock()
	s := m.services[unitName(name)]
	if s == nil {
		m.lock.Unlock()
		_, err := loadUnit(name)
		return err
	}
	s.wanted, s.failed = false, false
	if s.restart != nil {
		s.restart.Stop()
		s.restart = nil
	}
	pid, ended, unit := s.pid, s.ended, s.unit
	m.lock.Unlock()
	if pid == 0 {
		return nil
	}
	target := pid
	if unit.KillMode != "process" {
		target = -pid
	}
	_ = syscall.Kill(target, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(unit.TimeoutStop):
		_ = syscall.Kill(target, syscall.SIGKILL)
		<-ended
	}
	if unit.KillMode != "process" {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
	note(unit.Name, "Stopped %s.service - %s.", unit.Name, unit.Description)
	return nil
}

func (m *manager) restart(name string) error {
	if err := m.stop(name); err != nil {
		return err
	}
	return m.start(name)
}

func enable(name string, on bool) error {
	link := filepath.Join(wantsDir, unitName(name)+".service")
	if !on {
		if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	if _, err := loadUnit(name); err != nil {
		return err
	}
	if err := os.MkdirAll(wantsDir, 0o755); err != nil {
		return err
	}
	if err := os.Symlink(unitPath(name), link); err != nil && !os.IsExist(err) {
		return err
	}
	return nil
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("code=killed, status=%d/%s", status.Signal(), status.Signal())
	}
	return fmt.Sprintf("code=exited, status=%d", status.ExitStatus())
}

// monotonic is CLOCK_MONOTONIC in microseconds, as systemd states times in `show`.
func monotonic() int64 {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &now) != nil {
		return 0
	}
	return now.Nano() / 1000
}
