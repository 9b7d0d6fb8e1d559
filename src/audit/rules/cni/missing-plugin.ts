/** FL-CNI-004. */
import { host, node } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';

export const missingPlugin: Rule = {
  id: 'FL-CNI-004',
  title: 'A plugin that the CNI configuration calls is not installed',
  severity: 'error',
  faults: ['N3', 'X2'],
  looksAt: 'Types in the configuration that decides, and `loopback`, which containerd calls for every pod, against the programs in the directories that containerd searches.',
  why: 'Pods stay in ContainerCreating: `failed to find plugin "loopback" in path [/opt/cni/bin]`. On K3s with its Flannel off, only what the other CNI installed is there.',
  fix: [{ what: "Install the reference plugins into that directory.", command: 'tar -xzf cni-plugins-linux-amd64-v1.7.1.tgz -C /opt/cni/bin ./loopback ./portmap' }],
  refs: ['calico#4308', 'rke2#7981', 'k0s#582', 'k8s#28561'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    return view.hosts.flatMap((one) => {
      const { cni } = one;
      const all = new Set(Object.values(cni?.plugins ?? {}).flat());
      if (cni === undefined || all.size === 0) return [];
      const active = cni.confs.find(({ network, types }) => network !== undefined && types.length > 0);
      const absent = [...new Set(['loopback', ...(active?.types ?? [])])].filter((type) => !all.has(type));
      if (absent.length === 0) return [];
      return [{
        subjects: [`Node ${one.node}`],
        summary: `node ${one.node} lacks the plugin${absent.length === 1 ? '' : 's'} ${absent.join(', ')} in ${cni.binDirs.join(', ')}`,
        evidence: [
          view.onHost(one, cni.binDirs.join(', '), [...all].toSorted().join(', ')),
          ...(active === undefined ? [] : [view.onHost(one, `${cni.confDir}/${active.file}`, active.types.join(', '))]),
        ],
      }];
    });
  },
  bad: [
    node('n1'),
    host('n1', { cni: { confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin'], byDefault: true, plugins: { '/opt/cni/bin': ['calico', 'calico-ipam'] }, confs: [{ file: '10-calico.conflist', network: 'k8s-pod-network', types: ['calico', 'portmap'] }] } }),
  ],
  good: [
    node('n1'),
    host('n1', { cni: { confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin'], byDefault: true, plugins: { '/opt/cni/bin': ['calico', 'calico-ipam', 'loopback', 'portmap'] }, confs: [{ file: '10-calico.conflist', network: 'k8s-pod-network', types: ['calico', 'portmap'] }] } }),
  ],
};
