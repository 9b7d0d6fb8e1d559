package k3s

// The server's manifests directory: each file is applied once the API server answers and again when its
// content changes, not at every start. K3s remembers checksums in Addon objects; this stand-in keeps them in
// a file, so that it writes nothing to the cluster but the manifests.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const manifestPoll = 500 * time.Millisecond

type manifests struct {
	directory string
	memory    string // file of name → checksum applied
	disabled  []string
	apply     func(ctx context.Context, file string) ([]byte, error)

	applied map[string]string
	seen    map[string]string // name → size and time when last read
	failure map[string]string // name → last message, so that a lasting failure is logged once
}

func newManifests(l Layout, disabled []string, kubectl string) *manifests {
	m := &manifests{
		directory: l.Manifests(), memory: l.AppliedManifests(), disabled: disabled,
		applied: map[string]string{}, seen: map[string]string{}, failure: map[string]string{},
	}
	m.apply = func(ctx context.Context, file string) ([]byte, error) {
		return exec.CommandContext(ctx, kubectl, "--kubeconfig", l.Kubeconfig(), "apply", "-f", file).CombinedOutput()
	}
	if content, err := os.ReadFile(m.memory); err == nil {
		json.Unmarshal(content, &m.applied) // an unreadable memory means that everything is applied again
	}
	return m
}

// watch looks at the directory until ctx ends.
func (m *manifests) watch(ctx context.Context) {
	for {
		m.pass(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(manifestPoll):
		}
	}
}

// pass applies what is new or changed, in name order.
func (m *manifests) pass(ctx context.Context) {
	entries, _ := os.ReadDir(m.directory) // absent: nothing to apply yet
	for _, entry := range entries {
		name := entry.Name()
		extension := strings.ToLower(filepath.Ext(name))
		if entry.IsDir() || strings.HasPrefix(name, ".") || (extension != ".yaml" && extension != ".yml" && extension != ".json") {
			continue
		}
		path := filepath.Join(m.directory, name)
		if _, err := os.Stat(path + ".skip"); err == nil || slices.Contains(m.disabled, strings.TrimSuffix(name, filepath.Ext(name))) {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue
		}
		stamp := fmt.Sprint(info.ModTime(), info.Size())
		if m.seen[name] == stamp {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		sum := sha256.Sum256(content)
		if checksum := hex.EncodeToString(sum[:]); m.applied[name] != checksum {
			if !m.applyOne(ctx, name, path) {
				continue // tried again at the next pass
			}
			m.applied[name] = checksum
			memory, _ := json.MarshalIndent(m.applied, "", "  ")
			if err := writeFile(m.memory, append(memory, '\n'), 0o600); err != nil {
				logf("error", "Remembering applied manifests: %s", err)
			}
		}
		m.seen[name] = stamp
	}
}

func (m *manifests) applyOne(ctx context.Context, name, path string) bool {
	output, err := m.apply(ctx, path)
	if err == nil {
		logf("info", "Applied manifest at %q", path)
		delete(m.failure, name)
		return true
	}
	if message := err.Error() + ": " + strings.TrimSpace(string(output)); ctx.Err() == nil && m.failure[name] != message {
		logf("error", "Failed to apply manifest at %q, trying again: %s", path, message)
		m.failure[name] = message
	}
	return false
}
