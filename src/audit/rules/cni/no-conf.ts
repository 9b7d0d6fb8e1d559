/** FL-CNI-003. */
import { calicoNode, host, node } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';

export const noConf: Rule = {
  id: 'FL-CNI-003',
  title: 'containerd finds no CNI configuration, because the CNI writes it elsewhere',
  severity: 'error',
  faults: ['N3'],
  looksAt: 'The directory that containerd reads on each host, against directories where CNIs leave their files: K3s has its own (/var/lib/rancher/k3s/agent/etc/cni/net.d) while its Flannel is on, and /etc/cni/net.d when it is off.',
  why: '`cni plugin not initialized`, the node is NotReady (NetworkReady=false), pods stay in ContainerCreating.',
  fix: [
    { what: "Let the CNI write to the directory that containerd reads (Calico's operator: spec.cni.confDir and binDir; manifests: hostPath and CNI_NET_DIR), or restart the node service, which makes K3s write containerd's configuration anew." },
  ],
  refs: ['calico#4308', 'k3s#54', 'rke2#7981', 'calico#8694'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    return view.hosts.flatMap((one) => {
      if (one.cni === undefined || one.cni.confs.some(({ types, network }) => types.length > 0 && network !== undefined)) return [];
      const others = Object.entries(one.cni.otherConfs ?? {}).filter(([, confs]) => confs.some(({ types }) => types.length > 0));
      return [{
        subjects: [`Node ${one.node}`],
        summary: others.length === 0 ? `node ${one.node} has no CNI configuration in ${one.cni.confDir}` : `node ${one.node} has its CNI configuration in ${others.map(([dir]) => dir).join(', ')}, but containerd reads ${one.cni.confDir}`,
        evidence: [view.onHost(one, one.cni.confDir, one.cni.confs.length === 0 ? 'no file that CNI reads' : one.cni.confs.map(({ file }) => `${file} is not valid`).join(', ')), ...others.map(([dir, confs]) => view.onHost(one, dir, confs.map(({ file }) => file).join(', ')))],
      }];
    });
  },
  bad: [
    node('n1', { args: ['--flannel-backend', 'none'] }),
    calicoNode(),
    host('n1', { cni: { confDir: '/var/lib/rancher/k3s/agent/etc/cni/net.d', binDirs: ['/bin'], byDefault: false, plugins: {}, confs: [], otherConfs: { '/etc/cni/net.d': [{ file: '10-calico.conflist', network: 'k8s-pod-network', types: ['calico'] }] } } }),
  ],
  good: [
    node('n1', { args: ['--flannel-backend', 'none'] }),
    calicoNode(),
    host('n1', { cni: { confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin'], byDefault: true, plugins: {}, confs: [{ file: '10-calico.conflist', network: 'k8s-pod-network', types: ['calico'] }] } }),
  ],
};
