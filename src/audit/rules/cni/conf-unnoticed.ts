/** FL-CNI-018. */
import { host, node } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** What kubelets say when the runtime has no network: containerd's and cri-o's words, old and new. */
const NO_NETWORK = /cni plugin not initialized|cni config uninitialized|no networks found in|No CNI configuration file|network plugin is not ready/i;

const notReady = { conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized' }] };
const facts = (plugins: readonly string[]): Readonly<Record<string, unknown>> => host('n1', { cni: { confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin'], byDefault: true, confs: [{ file: '10-flannel.conflist', network: 'cbr0', types: ['flannel', 'portmap'] }], plugins: { '/opt/cni/bin': [...plugins] } } });

export const confUnnoticed: Rule = {
  id: 'FL-CNI-018',
  title: 'The CNI configuration is in place, and containerd does not see it',
  severity: 'error',
  faults: ['N4'],
  looksAt: 'Nodes that are not Ready because the runtime has no network, while the directory that their containerd reads has a valid configuration and all of its plugins are installed.',
  why: 'containerd watches its directory; when that was deleted and made anew (`kubeadm reset`, a mount over it), it watches the old one for ever. It also passes over files that only appear, as one that was moved in from another directory: it reads again when something there is written, removed or renamed. The node stays NotReady with `cni plugin not initialized`, and pods in ContainerCreating.',
  fix: [{ what: 'Where the directory is the one that containerd watches, write the file anew.', command: 'cd DIRECTORY && cp FILE FILE.new && mv FILE.new FILE' }, { what: 'Otherwise restart the runtime; running pods stay. When the file has been there for seconds only, look again first.', command: 'systemctl restart containerd   # K3s: systemctl restart k3s or k3s-agent' }],
  refs: ['calico#8694', 'containerd: internal/cri/server/cni_conf_syncer.go'],
  check(view) {
    const silent = view.nodes.flatMap((one) => {
      const ready = one.status?.conditions?.find(({ type }) => type === 'Ready') as { status?: string; message?: string } | undefined;
      return ready?.status === 'False' && NO_NETWORK.test(ready.message ?? '') ? [{ one, message: ready.message ?? '' }] : [];
    });
    if (silent.length === 0) return view.nodes.length === 0 ? { unknown: 'no nodes are in the snapshot' } : [];
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    const unread = silent.filter(({ one }) => view.index.host(one.metadata.name)?.cni === undefined);
    const found = silent.flatMap(({ one, message }) => {
      const read = view.index.host(one.metadata.name);
      const conf = read?.cni?.confs.find(({ network, types }) => network !== undefined && types.length > 0);
      const installed = new Set(Object.values(read?.cni?.plugins ?? {}).flat());
      // Missing ones are another rule's.
      if (read?.cni === undefined || conf === undefined || conf.types.some((type) => !installed.has(type))) return [];
      return [{
        subjects: [subjectOf(one)],
        summary: `containerd of node ${one.metadata.name} has no network, although ${read.cni.confDir}/${conf.file} is valid and its plugins are installed`,
        evidence: [view.seen(one, 'status.conditions Ready', message), view.onHost(read, `${read.cni.confDir}/${conf.file}`, `network ${conf.network ?? ''}, plugins ${conf.types.join(', ')}`)],
      }];
    });
    return unread.length === 0 ? found : { found, partly: unread.map(({ one }) => ({ what: `node ${one.metadata.name}`, why: 'its CNI directories were not read' })) };
  },
  bad: [node('n1', { status: notReady }), facts(['flannel', 'portmap'])],
  good: [node('n1', { status: notReady }), facts(['portmap'])],
};
