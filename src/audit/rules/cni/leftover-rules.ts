/** FL-CNI-008. */
import { calicoNode, filterTable, host, ipPool, node } from '../../examples.ts';
import { needsHosts, type Rule } from '../../rule.ts';

/** Chains by the CNI or controller that makes them. */
const CHAINS: readonly { owner: string; pattern: RegExp; effect: string }[] = [
  { owner: 'kube-router', pattern: /^KUBE-(ROUTER-|POD-FW-|NWPLCY-)/, effect: 'its policies of then still refuse connections' },
  { owner: 'flannel', pattern: /^FLANNEL-(POSTRTG|FWD)$/, effect: 'it masquerades pods, so that policies see node addresses' },
  { owner: 'calico', pattern: /^cali-/, effect: 'its policies of then still drop packets' },
  { owner: 'cilium', pattern: /^CILIUM_/, effect: 'it marks and masquerades packets' },
];

export const leftoverRules: Rule = {
  id: 'FL-CNI-008',
  title: 'Packet filter rules of a CNI or policy controller that does not run are on hosts',
  severity: 'error',
  faults: ['L1', 'L2'],
  looksAt: "Chains KUBE-ROUTER-…, KUBE-POD-FW-…, FLANNEL-…, cali-…, CILIUM_… in both backends while their owner does not run. K3s' own policy controller leaves its chains when it is turned off.",
  why: "The rules stay as they were the day their owner stopped: `connection refused` by policies that nobody sees any more (kube-router rejects), or sources that are rewritten, which breaks policies.",
  fix: [
    { what: 'Remove the chains, or reboot the node. k3s-killall.sh does it on K3s, and ends all pods of the node.', command: "for s in iptables-nft iptables-legacy; do $s-save | grep -vE 'KUBE-ROUTER|KUBE-POD-FW|KUBE-NWPLCY|FLANNEL-' | $s-restore; done" },
  ],
  refs: ['k3s#7244', 'k3s-io/docs#140', 'kube-router#1021', 'calico#12920'],
  check(view) {
    const missing = needsHosts(view);
    if (missing !== undefined) return missing;
    const { cnis, enforcer } = view.picture;
    if (view.picture.hidden !== undefined) return { unknown: `${view.picture.hidden}, so that it is not known what runs` };
    const running = new Set<string>(cnis.filter(({ how }) => how !== 'trace').flatMap(({ name }) => (name === 'canal' ? ['calico', 'flannel'] : [name])));
    if (enforcer?.value === 'kube-router') running.add('kube-router');
    return CHAINS.filter(({ owner }) => !running.has(owner)).flatMap(({ owner, pattern, effect }) => view.hosts.flatMap((one) => {
      const chains = (one.iptables ?? []).flatMap(({ tables }) => tables.flatMap((table) => [...table.chains.filter((name) => pattern.test(name)), ...Object.keys(table.counted).filter((name) => pattern.test(name)).map((name) => `${table.counted[name] ?? 0} × ${name}…`)]));
      if (chains.length === 0) return [];
      return [{
        subjects: [`Node ${one.node}`],
        summary: `node ${one.node} still has chains of ${owner}, which does not run: ${effect}`,
        evidence: [view.onHost(one, 'iptables-save', chains.slice(0, 6).join(', ')), view.derived('who enforces policies', enforcer?.evidence ?? 'not known')],
      }];
    }));
  },
  bad: [
    node('n1', { args: ['--flannel-backend', 'none', '--disable-network-policy'] }),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ chains: ['KUBE-ROUTER-FORWARD', 'cali-FORWARD'], counted: { 'KUBE-POD-FW-': 12 } })] }] }),
  ],
  good: [
    node('n1', { args: ['--flannel-backend', 'none', '--disable-network-policy'] }),
    calicoNode(),
    ipPool('p', { cidr: '10.42.0.0/16' }),
    host('n1', { iptables: [{ family: 4, backend: 'nft', tables: [filterTable({ chains: ['cali-FORWARD', 'KUBE-FORWARD'] })] }] }),
  ],
};
