package k3s

import (
	"fmt"
	"syscall"
	"testing"
)

const listFile = "/usr/local/lib/fairlead-lab/k3s-components.json"

func TestComponentListIsValidated(t *testing.T) {
	for entry, want := range map[string]string{
		`{"name":"a","role":"node","argv":["x"],"arg":1}`:                                 `unknown field "arg"`,
		`{"name":"A","role":"node","argv":["x"]}`:                                         "components[0] (A): name",
		`{"name":"a","role":"agent","argv":["x"]}`:                                        "components[0] (a): role",
		`{"name":"a","role":"node","argv":[]}`:                                            "argv",
		`{"name":"a","role":"node","argv":["${home}"]}`:                                   "unknown placeholder ${home}",
		`{"name":"a","role":"node","argv":["x"],"env":{"E":"${home}"}}`:                   "unknown placeholder",
		`{"name":"a","role":"node","argv":["x"],"after":["b"]}`:                           `no component is called "b"`,
		`{"name":"a","role":"node","argv":["x"],"after":["a"]}`:                           "waits for itself",
		`{"name":"a","role":"node","argv":["x"]},{"name":"a","role":"node","argv":["x"]}`: "components[1] (a): name: given twice",
		`{"name":"a","role":"node","argv":["x"],"ready":{}}`:                              "exactly one of",
		`{"name":"a","role":"node","argv":["x"],"ready":{"cri":"/a","file":"/b"}}`:        "exactly one of",
		`{"name":"a","role":"node","argv":["x"],"ready":{"url":"https://x","cert":"/c"}}`: "cert and key",
		`{"name":"a","role":"node","argv":["x"],"argsKey":"flannel-arg"}`:                 "argsKey",
		`{"name":"a","role":"node","argv":["x"],"onlyWhen":"never"}`:                      "onlyWhen",
		`{"name":"a","role":"node","argv":["x"],"stopSignal":"SIGHUP"}`:                   "stopSignal",
		``: "at least one entry",
	} {
		l := layoutWith(t, map[string]string{listFile: fmt.Sprintf(`{"components":[%s]}`, entry)})
		_, err := loadComponents(l.Components())
		if err == nil {
			t.Errorf("%s: expected an error", entry)
			continue
		}
		contains(t, entry, err.Error(), want)
	}
}

func TestResolvePicksAndFills(t *testing.T) {
	l := layoutWith(t, map[string]string{listFile: `{"components":[
		{"name":"etcd","role":"server","argv":["etcd"]},
		{"name":"kubelet","role":"node","argv":["kubelet","--v=1","--node-ip=${node-ip}","--max-pods=9"],"argsKey":"kubelet-arg",
		 "env":{"NODE":"${node-name}"},"ready":{"url":"http://${node-ip}:1/"}},
		{"name":"flannel","role":"node","argv":["flannel","--iface=${flannel-iface}"],"onlyWhen":"flannel"},
		{"name":"kube-proxy","role":"node","argv":["kube-proxy","--cluster-cidr=${cluster-cidr}"],"onlyWhen":"kube-proxy"}],
		"tools":{"kubectl":"/k"}}`})
	file, err := loadComponents(l.Components())
	if err != nil {
		t.Fatal(err)
	}
	settings := &Settings{values: map[string][]string{"kubelet-arg": {"v=4", "feature-gates=A=true", "--max-pods=10"}}}
	values := map[string]string{"node-ip": "1.2.3.4", "node-name": "n1", "flannel-iface": "eth0", "cluster-cidr": "10.42.0.0/16"}

	got := resolve(file, "agent", ClusterConfig{FlannelBackend: "vxlan", DisableKubeProxy: true}, settings, values)
	equal(t, "components", len(got), 2)
	equal(t, "kubelet", got[0].Argv, []string{"kubelet", "--node-ip=1.2.3.4", "--v=4", "--feature-gates=A=true", "--max-pods=10"})
	equal(t, "env", got[0].Env, map[string]string{"NODE": "n1"})
	equal(t, "ready", got[0].Ready.URL, "http://1.2.3.4:1/")
	equal(t, "flannel", got[1].Argv, []string{"flannel", "--iface=eth0"})
	equal(t, "flannel is killed, not asked", []syscall.Signal{got[1].stop(), got[0].stop()}, []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM})

	got = resolve(file, "server", ClusterConfig{FlannelBackend: "none"}, settings, values)
	names := []string{}
	for _, c := range got {
		names = append(names, c.Name)
	}
	equal(t, "server with none", names, []string{"etcd", "kubelet", "kube-proxy"})
	equal(t, "the file's own argv is untouched", file.Components[1].Argv[1], "--v=1")
}
