/** FL-HOST-014. */
import { host, link, node } from '../../examples.ts';
import { perHost } from '../../per-host.ts';
import type { Rule } from '../../rule.ts';

export const hairpinOff: Rule = {
  id: 'FL-HOST-014',
  title: 'Pods on a bridge cannot reach themselves through their Service',
  severity: 'warning',
  faults: ['X1'],
  looksAt: "Hairpin mode of the ports of cni0, and hairpinMode of Flannel's configuration. kubelet's --hairpin-mode does nothing with CNI.",
  why: "A pod that calls its own Service and is chosen as the endpoint waits for ever: with n endpoints 1 of n calls hangs.",
  fix: [{ what: 'Set "hairpinMode": true in the delegate of Flannel\'s configuration, and recreate the pods.' }],
  refs: ['flannel#849', 'k8s#20475', 'k8s#43966', 'rancher#18721'],
  check: (view) => perHost(view, (one) => {
    const ports = (one.links ?? []).filter(({ master }) => master === 'cni0').map(({ name }) => name);
    const off = ports.filter((name) => one.hairpin?.[name] === false);
    if (off.length === 0) return undefined;
    const conf = one.cni?.confs.find(({ settings }) => settings?.['flannel.hairpinMode'] !== undefined);
    return {
      summary: `${off.length} of ${ports.length} pods' ports on cni0 of node ${one.node} have hairpin mode off`,
      evidence: [
        view.onHost(one, 'bridge -d link', off.slice(0, 4).map((name) => `${name} hairpin off`).join(', ')),
        ...(conf === undefined ? [] : [view.onHost(one, conf.file, `hairpinMode ${String(conf.settings?.['flannel.hairpinMode'])}`)]),
      ],
    };
  }),
  bad: [node('n1'), host('n1', { links: [link('cni0', { kind: 'bridge' }), link('veth1', { kind: 'veth', master: 'cni0' })], hairpin: { veth1: false } })],
  good: [node('n1'), host('n1', { links: [link('cni0', { kind: 'bridge' }), link('veth1', { kind: 'veth', master: 'cni0' })], hairpin: { veth1: true } })],
};
