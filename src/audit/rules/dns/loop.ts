/** FL-DNS-002. */
import type { ConfigMap } from '../../../cluster/snapshot/typed.ts';
import { configMap, host, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

export const loop: Rule = {
  id: 'FL-DNS-002',
  title: 'CoreDNS forwards to itself',
  severity: 'error',
  faults: ['D3'],
  looksAt: "A Corefile that forwards to /etc/resolv.conf, and hosts whose resolv.conf, which kubelets hand on, names 127.0.0.0/8 (systemd-resolved's 127.0.0.53); a Corefile that forwards to the DNS Service or to loopback. kubeadm and K3s avoid the former where they see systemd-resolved, so that without the kubelet's --resolv-conf it is a warning.",
  why: 'CoreDNS stops with `Loop (127.0.0.1:… -> :53) detected for zone "."` and crash-loops; no name resolves.',
  fix: [{ what: "Hand on the file with the real servers.", command: 'k3s server --resolv-conf=/run/systemd/resolve/resolv.conf …   # kubeadm: resolvConf in the kubelet configuration' }],
  refs: ['coredns.io/plugins/loop'],
  check(view) {
    const map = view.index.objects<ConfigMap>('ConfigMap').find(({ metadata }) => metadata.name === 'coredns' && metadata.namespace === 'kube-system');
    const corefile = map?.data?.['Corefile'];
    if (map === undefined || corefile === undefined) return { unknown: "CoreDNS' Corefile is not in the snapshot" };
    const targets = [...corefile.matchAll(/^\s*forward\s+\S+\s+([^{\n]+)/gm)].flatMap((match) => (match[1] ?? '').trim().split(/\s+/));
    const self = targets.filter((target) => /^127\.|^\[?::1/.test(target) || target.replace(/:53$/, '') === view.picture.dns.service?.spec?.clusterIP);
    if (self.length > 0) return [{
      subjects: ['ConfigMap kube-system/coredns'],
      summary: `CoreDNS forwards to ${self.join(', ')}, which is itself`,
      evidence: [view.seen(map, 'data.Corefile', `forward . ${self.join(' ')}`)],
    }];
    if (!targets.includes('/etc/resolv.conf')) return [];
    if (view.hosts.length === 0) return { unknown: 'the resolv.conf of hosts is not in the snapshot' };
    const given = view.picture.k3s.some(({ args }) => args.has('resolv-conf'));
    const hit = view.hosts.filter(({ nameservers = [] }) => nameservers.length > 0 && nameservers.every((ip) => ip.startsWith('127.')));
    if (hit.length === 0 || given) return [];
    return [{
      subjects: ['ConfigMap kube-system/coredns', ...hit.map(({ node: name }) => `Node ${name}`)],
      severity: 'warning',
      summary: `CoreDNS forwards to /etc/resolv.conf, where ${hit.length} host${hit.length === 1 ? ' has' : 's have'} nothing but ${hit[0]?.nameservers?.join(', ') ?? ''}`,
      evidence: [
        view.seen(map, 'data.Corefile', 'forward . /etc/resolv.conf'),
        ...hit.slice(0, 3).map((one) => view.onHost(one, '/etc/resolv.conf', `nameserver ${(one.nameservers ?? []).join(', ')}`)),
        view.derived('kubelet', 'which resolv.conf it hands on is not in the snapshot; with systemd-resolved it may be /run/systemd/resolve/resolv.conf', 'inferred'),
      ],
    }];
  },
  bad: [node('n1'), configMap('coredns', { Corefile: '.:53 {\n    forward . 127.0.0.53\n    loop\n}\n' }), host('n1', { nameservers: ['127.0.0.53'] })],
  good: [node('n1'), configMap('coredns', { Corefile: '.:53 {\n    forward . /etc/resolv.conf\n    loop\n}\n' }), host('n1', { nameservers: ['192.168.10.1'] })],
};
