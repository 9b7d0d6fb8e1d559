// Command flannel-cni stands in for Flannel's CNI plugin (github.com/flannel-io/cni-plugin), which cannot be
// had as a Go module. Installed as `flannel`, it honours the same documented contract: it reads what flanneld
// wrote to /run/flannel/subnet.env and hands the rest to another plugin, normally bridge.
package main

import (
	"os"

	"fairlead.dev/lab/node/internal/flannelcni"
)

func main() {
	os.Exit(flannelcni.Main(os.Getenv, os.Stdin, os.Stdout))
}
