/** FL-CNI-002. */
import { calicoNode, host, node } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';

/** The type by which a CNI's plugin is known in its configuration. */
const TYPES: Readonly<Record<string, RegExp>> = { calico: /^calico$/, cilium: /^cilium-cni$/, flannel: /^flannel$/, canal: /^calico$/, 'kube-router': /^bridge$/, weave: /^weave-net$/, antrea: /^antrea$/, kindnet: /^ptp$/ };

export const severalConfs: Rule = {
  id: 'FL-CNI-002',
  title: "The configuration that containerd uses is not the running CNI's",
  severity: 'error',
  faults: ['N1'],
  looksAt: "The files of the directory that containerd reads: the first valid one by name decides. It must be the running CNI's (or Multus'); several files are a warning when the right one is first.",
  why: 'New pods still get the old CNI\'s network, or stay in ContainerCreating; pods that run are not affected, so that it shows hours later.',
  fix: [{ what: "Remove the other CNI's file on that node.", command: 'rm /etc/cni/net.d/10-flannel.conflist   # the one of the CNI that is gone' }],
  refs: ['kube-router#690', 'calico#1388', 'containerd#5225'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    const { cni, cnis } = view.picture;
    const wanted = cni === undefined ? undefined : TYPES[cni.name];
    const multus = cnis.some(({ name }) => name === 'multus');
    return view.hosts.flatMap((one) => {
      const confs = (one.cni?.confs ?? []).filter(({ network, types }) => network !== undefined && types.length > 0);
      const [active] = confs;
      if (active === undefined || one.cni === undefined) return [];
      const right = wanted === undefined || active.types.some((type) => wanted.test(type)) || (multus && active.types.includes('multus'));
      if (right && confs.length < 2) return [];
      const evidence = [view.onHost(one, one.cni.confDir, confs.map(({ file, types }) => `${file} (${types.join(', ')})`).join(', ')), ...(cni === undefined ? [] : [view.derived('running CNI', cni.evidence)])];
      if (!right) return [{ subjects: [`Node ${one.node}`], summary: `${active.file} (${active.types[0] ?? ''}) decides on node ${one.node}, but ${cni?.name ?? ''} runs`, evidence }];
      return multus ? [] : [{
        subjects: [`Node ${one.node}`],
        severity: 'warning' as const,
        summary: `node ${one.node} has ${confs.length} configurations; ${active.file} decides, by its name alone`,
        evidence,
      }];
    });
  },
  bad: [
    node('n1'),
    calicoNode(),
    host('n1', { cni: { confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin'], byDefault: true, plugins: {}, confs: [{ file: '05-flannel.conflist', network: 'cbr0', types: ['flannel', 'portmap'] }, { file: '10-calico.conflist', network: 'k8s-pod-network', types: ['calico', 'portmap'] }] } }),
  ],
  good: [
    node('n1'),
    calicoNode(),
    host('n1', { cni: { confDir: '/etc/cni/net.d', binDirs: ['/opt/cni/bin'], byDefault: true, plugins: {}, confs: [{ file: '10-calico.conflist', network: 'k8s-pod-network', types: ['calico', 'portmap'] }] } }),
  ],
};
