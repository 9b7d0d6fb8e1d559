package k3s

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// lines is a writer that can be read while it is written to.
type lines struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.String()
}

// eventually waits for a condition, up to 10 s.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: did not happen", what)
		}
	}
}

func shell(name, script string) Component {
	return Component{Name: name, Role: "node", Argv: []string{"/bin/sh", "-c", script}}
}

func TestStartsInOrderAndStopsInReverse(t *testing.T) {
	dir := t.TempDir()
	first := shell("first", "trap 'echo bye; echo first >> "+dir+"/ended; exit 0' TERM; sleep 0.1; echo hello; touch "+dir+"/up; while :; do sleep 0.02; done")
	first.Ready = &Ready{File: dir + "/up"}
	second := shell("second", "test -e "+dir+"/up || exit 7; trap 'echo second >> "+dir+"/ended; exit 0' TERM; touch "+dir+"/trapped; while :; do sleep 0.02; done")
	second.After = []string{"first", "absent"}
	second.Ready = &Ready{File: dir + "/trapped"}
	out := &lines{}
	s := newSupervisor([]Component{second, first}, out)
	if err := s.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "output is prefixed", func() bool { return strings.Contains(out.String(), "first: hello\n") })
	s.stop()
	equal(t, "order of ends", read(t, dir+"/ended"), "second\nfirst\n")
}

func TestWhatIsDoneOnReadyComesBeforeDependants(t *testing.T) {
	dir := t.TempDir()
	second := shell("second", "test -e "+dir+"/acted || exit 7; sleep 60")
	second.After = []string{"first"}
	s := newSupervisor([]Component{shell("first", "sleep 60"), second}, &lines{})
	s.onReady["first"] = func(context.Context) { os.WriteFile(dir+"/acted", nil, 0o644) }
	defer s.stop()
	if err := s.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.failed:
		t.Error(err)
	case <-time.After(200 * time.Millisecond):
	}
}

func TestChildThatEndsIsReported(t *testing.T) {
	s := newSupervisor([]Component{shell("brittle", "exit 3"), shell("solid", "sleep 100")}, &lines{})
	defer s.stop()
	err := s.run(context.Background())
	if err == nil { // both counted as ready before the end was seen
		err = <-s.failed
	}
	contains(t, "failure", err.Error(), "brittle exited: exit status 3")
}

func TestMissingProgramIsReported(t *testing.T) {
	s := newSupervisor([]Component{{Name: "ghost", Role: "node", Argv: []string{"no-such-program-here"}}}, &lines{})
	defer s.stop()
	contains(t, "failure", s.run(context.Background()).Error(), "ghost: no-such-program-here")
}

func TestStubbornChildIsKilledInTime(t *testing.T) {
	dir := t.TempDir()
	stubborn := shell("stubborn", "trap '' TERM; touch "+dir+"/up; while :; do sleep 0.05; done")
	stubborn.Ready = &Ready{File: dir + "/up"}
	s := newSupervisor([]Component{stubborn}, &lines{})
	if err := s.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.limit = 200 * time.Millisecond
	began := time.Now()
	s.stop()
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("stopping took %s", took)
	}
	if err := s.children["stubborn"].process.Signal(syscall.Signal(0)); !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stubborn still runs: %v", err)
	}
}

func TestManifestsAreAppliedOncePerContent(t *testing.T) {
	l := layoutWith(t, map[string]string{
		dataDir + "/server/manifests/b.yaml":       "b",
		dataDir + "/server/manifests/a.yaml":       "a",
		dataDir + "/server/manifests/traefik.yaml": "t",
		dataDir + "/server/manifests/c.yaml":       "c",
		dataDir + "/server/manifests/c.yaml.skip":  "",
		dataDir + "/server/manifests/.d.yaml.new":  "half",
		dataDir + "/server/manifests/README":       "",
	})
	var applied []string
	var failing bool
	start := func() *manifests {
		m := newManifests(l, []string{"traefik"}, "kubectl")
		m.apply = func(_ context.Context, file string) ([]byte, error) {
			if failing {
				return []byte("connection refused"), errors.New("exit status 1")
			}
			applied = append(applied, filepath.Base(file)+"="+read(t, file))
			return nil, nil
		}
		return m
	}
	m := start()
	failing = true
	m.pass(context.Background())
	failing = false
	m.pass(context.Background())
	m.pass(context.Background())
	equal(t, "applied", applied, []string{"a.yaml=a", "b.yaml=b"})

	applied = nil
	os.WriteFile(l.Manifests()+"/b.yaml", []byte("b two"), 0o644)
	m.pass(context.Background())
	equal(t, "after a change", applied, []string{"b.yaml=b two"})

	applied = nil
	start().pass(context.Background())
	equal(t, "after a restart", applied, []string(nil))
}

// serving writes a self-signed certificate for 127.0.0.1 as the server's and as the agent's CA.
func serving(t *testing.T, l Layout) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, _ := x509.MarshalPKCS8PrivateKey(key)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for path, content := range map[string][]byte{
		l.ServingCert(): certificate, l.ServerCA(): certificate,
		l.ServingKey(): pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}),
	} {
		if err := writeFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAgentLearnsTheServersSettings(t *testing.T) {
	l := layoutWith(t, nil)
	serving(t, l)
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	probe.Close()
	_, port, _ := net.SplitHostPort(address)
	want := ClusterConfig{FlannelBackend: "host-gw", DisableNetworkPolicy: true, ClusterCIDR: []string{"10.9.0.0/16"}, ClusterDomain: "x"}

	// The agent starts first and waits.
	type answer struct {
		config ClusterConfig
		err    error
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	result := make(chan answer, 1)
	go func() {
		config, err := fetchConfig(ctx, l.ServerCA(), "127.0.0.1", port, "s3cret", "n1")
		result <- answer{config, err}
	}()
	server, err := serveConfig(l, address, "s3cret", want)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	got := <-result
	equal(t, "settings", got.config, want)
	equal(t, "error", got.err, nil)

	var config ClusterConfig
	err = fetchConfigOnce(ctx, l.ServerCA(), address, "wrong", "n1", &config)
	if err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a wrong token must be refused, got %v", err)
	}
}
