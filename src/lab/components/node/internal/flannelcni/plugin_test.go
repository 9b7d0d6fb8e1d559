package flannelcni

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const subnets = "FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.3.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"

// bench is a directory with a subnet file and a delegate that records how it was called.
type bench struct {
	t   *testing.T
	dir string
}

func newBench(t *testing.T, delegate string) bench {
	b := bench{t, t.TempDir()}
	b.write("subnet.env", subnets, 0o644)
	b.write("bin/bridge", "#!/bin/sh\necho $CNI_COMMAND $CNI_CONTAINERID >> "+b.dir+"/calls\ncat > "+b.dir+"/stdin\n"+delegate, 0o755)
	return b
}

func (b bench) write(name, content string, mode os.FileMode) {
	path := filepath.Join(b.dir, name)
	os.MkdirAll(filepath.Dir(path), 0o755)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		b.t.Fatal(err)
	}
}

func (b bench) read(name string) string {
	content, _ := os.ReadFile(filepath.Join(b.dir, name))
	return string(content)
}

func (b bench) run(command, conf string) (int, string) {
	b.t.Helper()
	values := map[string]string{"CNI_COMMAND": command, "CNI_CONTAINERID": "c1", "CNI_PATH": "/nowhere:" + b.dir + "/bin"}
	for key, value := range values {
		b.t.Setenv(key, value)
	}
	var full object
	if err := json.Unmarshal([]byte(conf), &full); err != nil {
		b.t.Fatal(err)
	}
	full["subnetFile"], full["dataDir"] = b.dir+"/subnet.env", b.dir+"/data"
	stdin, _ := json.Marshal(full)
	var out bytes.Buffer
	code := Main(os.Getenv, bytes.NewReader(stdin), &out)
	return code, out.String()
}

func same(t *testing.T, what, got, want string) {
	t.Helper()
	var g, w any
	if json.Unmarshal([]byte(got), &g) != nil || json.Unmarshal([]byte(want), &w) != nil || !reflect.DeepEqual(g, w) {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

const k3sConf = `{"cniVersion":"1.0.0","name":"cbr0","type":"flannel","delegate":{"hairpinMode":true,"forceAddress":true,"isDefaultGateway":true}}`

const k3sDelegate = `{"cniVersion":"1.0.0","name":"cbr0","type":"bridge","hairpinMode":true,"forceAddress":true,"isDefaultGateway":true,
	"isGateway":true,"ipMasq":false,"mtu":1450,
	"ipam":{"type":"host-local","ranges":[[{"subnet":"10.42.3.0/24"}]],"routes":[{"dst":"10.42.0.0/16"}]}}`

func TestAddThenDel(t *testing.T) {
	b := newBench(t, `echo '{"cniVersion":"1.0.0","ips":[]}'`)
	code, out := b.run("ADD", k3sConf)
	if code != 0 {
		t.Fatal(out)
	}
	same(t, "result", out, `{"cniVersion":"1.0.0","ips":[]}`)
	same(t, "delegate's configuration", b.read("stdin"), k3sDelegate)
	same(t, "saved", b.read("data/c1"), k3sDelegate)

	// The subnet may be gone when a container is: DEL works from what ADD saved.
	os.Remove(b.dir + "/subnet.env")
	if code, out = b.run("DEL", strings.Replace(k3sConf, `"name"`, `"prevResult":{"ips":[]},"name"`, 1)); code != 0 || out != "" {
		t.Fatal(out)
	}
	same(t, "DEL's configuration", b.read("stdin"), strings.Replace(k3sDelegate, `"name"`, `"prevResult":{"ips":[]},"name"`, 1))
	if code, out = b.run("DEL", k3sConf); code != 0 {
		t.Fatal(out)
	}
	if calls := b.read("calls"); calls != "ADD c1\nDEL c1\n" {
		t.Errorf("calls: %q", calls)
	}
}

func TestFailedDelKeepsWhatWasSaved(t *testing.T) {
	b := newBench(t, `echo '{"code":11,"msg":"try again","details":"busy"}'; exit 1`)
	b.run("ADD", k3sConf)
	code, out := b.run("DEL", k3sConf)
	same(t, "error", out, `{"cniVersion":"1.0.0","code":11,"msg":"failed to delegate del: try again","details":"busy"}`)
	if code != 1 || b.read("data/c1") == "" {
		t.Error("the saved configuration is needed for the next DEL")
	}
}

func TestDelegateConf(t *testing.T) {
	env, err := parseSubnetEnv(subnets + "FLANNEL_IPV6_NETWORK=fd00::/48\nFLANNEL_IPV6_SUBNET=fd00:0:0:1::1/64\n")
	if err != nil {
		t.Fatal(err)
	}
	conf, _ := decode([]byte(`{"name":"n","delegate":{"type":"ipvlan","mtu":1400,"ipMasq":true,"master":"eth0"},
		"runtimeConfig":{"mac":"x"},"ipam":{"dataDir":"/d","routes":[{"dst":"1.1.1.1/32"}]}}`))
	out, err := delegateConf(conf, env)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(out)
	same(t, "delegate", string(got), `{"name":"n","type":"ipvlan","mtu":1400,"ipMasq":true,"master":"eth0","runtimeConfig":{"mac":"x"},
		"ipam":{"type":"host-local","dataDir":"/d","ranges":[[{"subnet":"10.42.3.0/24"}],[{"subnet":"fd00:0:0:1::/64"}]],
		"routes":[{"dst":"1.1.1.1/32"},{"dst":"10.42.0.0/16"},{"dst":"fd00::/48"}]}}`)
}

func TestErrors(t *testing.T) {
	b := newBench(t, "echo oops; exit 3")
	for what, c := range map[string]struct{ command, conf, want string }{
		"unknown command": {"NOPE", k3sConf, `"code":4,"msg":"unknown CNI_COMMAND: NOPE"`},
		"ipam inside":     {"ADD", `{"name":"n","delegate":{"ipam":{}}}`, "must not have 'ipam' field"},
		"not an object":   {"ADD", `{"name":"n","delegate":[]}`, "must be a dictionary"},
		"no such plugin":  {"ADD", `{"name":"n","delegate":{"type":"vlan"}}`, `failed to find plugin \"vlan\"`},
		"plugin's crash":  {"ADD", k3sConf, "netplugin failed: exit status 3"},
	} {
		code, out := b.run(c.command, c.conf)
		if code != 1 || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d, %s", what, code, out)
		}
	}
	os.Remove(b.dir + "/subnet.env")
	for command, want := range map[string]string{"ADD": `"code":999`, "STATUS": `"code":50`} {
		code, out := b.run(command, k3sConf)
		if code != 1 || !strings.Contains(out, want) || !strings.Contains(out, "loadFlannelSubnetEnv failed: open "+b.dir+"/subnet.env: no such file or directory") {
			t.Errorf("%s without a subnet file: exit %d, %s", command, code, out)
		}
	}
	for content, want := range map[string]string{
		"":                                       "is missing FLANNEL_NETWORK, FLANNEL_SUBNET, FLANNEL_MTU, FLANNEL_IPMASQ",
		strings.Replace(subnets, "1450", "x", 1): "FLANNEL_MTU: expected",
		strings.Replace(subnets, "10.42.3.1/24", "x", 1): "FLANNEL_SUBNET",
	} {
		if _, err := parseSubnetEnv(content); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

func TestVersionStatusCheck(t *testing.T) {
	b := newBench(t, "")
	code, out := b.run("VERSION", `{"cniVersion":"1.0.0"}`)
	same(t, "VERSION", out, `{"cniVersion":"1.0.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}`)
	for _, command := range []string{"STATUS", "CHECK"} {
		if c, out := b.run(command, k3sConf); c+code != 0 || out != "" {
			t.Errorf("%s: %d %s", command, c, out)
		}
	}
}
