/** Compares two network states of a node by what matters, so that "as before" can be checked by a machine. */
import type { NodeState } from './node-state.ts';
import { chainOf, targetOf } from './iptables.ts';

export interface StateDifference {
  /** Lines of the first state that the second lacks, and the other way round; sorted. */
  missing: string[];
  added: string[];
}

/** Chains that follow the Pods and Services of the moment: kube-proxy's and the kubelet's, and portmap's per-pod ones. */
const ephemeralChain =
  /^(KUBE-(SVC|SVL|SEP|EXT|FW|XLB)-.*|KUBE-(SERVICES|NODEPORTS|EXTERNAL-SERVICES|FORWARD|FIREWALL|POSTROUTING|MARK-MASQ|MARK-DROP|PROXY-CANARY|PROXY-FIREWALL|KUBELET-CANARY|IPTABLES-HINT|LOAD-BALANCER)|CNI-DN-.*|CNI-[0-9a-f]{24})$/;

/**
 * The state as sorted lines. Left out are device numbers, learnt neighbours and forwarding entries, multicast and
 * link-local entries that the kernel keeps itself, the host ends of pods' links with everything on them, leases of
 * pod addresses, rules of kube-proxy, the kubelet and single host ports, and members of sets.
 */
export function stateLines(state: NodeState): string[] {
  const podLinks = new Set(state.links.filter((link) => link.kind === 'veth' && link.peerElsewhere && (link.master !== undefined || isPodRouteDevice(state, link.name))).map((link) => link.name));
  const kept = (device: string | undefined) => device === undefined || !podLinks.has(device);
  const lines: string[] = [];
  for (const link of state.links) {
    if (!kept(link.name)) continue;
    const vxlan = link.vxlan === undefined ? '' : ` vni ${link.vxlan.vni} port ${link.vxlan.port} local ${link.vxlan.local} over ${link.vxlan.device}`;
    // A bridge takes the address of its lowest port unless one was set, so it changes with the pods.
    const mac = link.kind === 'bridge' ? '' : ` mac ${link.mac}`;
    lines.push(`link ${link.name} ${link.kind || 'physical'}${mac} mtu ${link.mtu} ${link.up ? 'up' : 'down'}${vxlan}`);
  }
  for (const { device, address, prefixLength, family } of state.addresses) {
    if (kept(device) && !(family === 'inet6' && address.startsWith('fe80:'))) lines.push(`address ${device} ${address}/${prefixLength}`);
  }
  for (const route of state.routes) {
    if (!kept(route.device) || route.table === 'local' || route.dst.startsWith('fe80:') || route.type === 'multicast') continue;
    const via = route.gateway === undefined ? '' : ` via ${route.gateway}`;
    const over = route.device === undefined ? '' : ` dev ${route.device}`;
    lines.push(`route${route.family} ${route.type} ${route.dst}${via}${over} table ${route.table} proto ${route.protocol}${route.mtu === undefined ? '' : ` mtu ${route.mtu}`}${route.onlink ? ' onlink' : ''}`);
  }
  for (const rule of state.rules) lines.push(`rule${rule.family} ${rule.priority} ${JSON.stringify(rule.fields, Object.keys(rule.fields).toSorted())}`);
  for (const { address, device, mac, permanent } of state.neighbours) if (permanent && kept(device)) lines.push(`neighbour ${address} ${mac ?? ''} dev ${device}`);
  for (const { mac, device, dst, permanent } of state.fdb) if (permanent && dst !== undefined && kept(device)) lines.push(`fdb ${mac} dst ${dst} dev ${device}`);
  lines.push(...iptablesLines(state));
  // iptables' own tables appear with its first rule; their rules are compared above.
  for (const table of state.nftTables) if (!/^ip6? (filter|nat|mangle|raw|security)$/.test(table)) lines.push(`nft table ${table}`);
  for (const set of state.ipsets) lines.push(`ipset ${set.name} ${set.header}`);
  for (const [name, value] of Object.entries(state.sysctls)) {
    const device = /\.conf\.(.*)\.[a-z_]+$/.exec(name)?.[1];
    if (kept(device)) lines.push(`sysctl ${name} ${value}`);
  }
  for (const conf of state.cni.confs) lines.push(`conf ${state.cni.confDir}/${conf.file} ${conf.text.replace(/\s+/g, '')}`);
  for (const [dir, names] of Object.entries(state.cni.plugins)) lines.push(...names.map((name) => `plugin ${dir}/${name}`));
  return lines.toSorted();
}

/** What of `before` is missing in `after`, and what was added. Both empty: the same state. */
export function diffNodeState(before: NodeState, after: NodeState): StateDifference {
  const a = stateLines(before);
  const b = stateLines(after);
  return { missing: without(a, b), added: without(b, a) };
}

function iptablesLines(state: NodeState): string[] {
  const lines: string[] = [];
  for (const { family, backend, tables } of state.iptables) {
    for (const table of tables) {
      const prefix = `iptables${family} ${backend} ${table.name}`;
      for (const [chain, policy] of Object.entries(table.chains)) {
        // Built-in chains with the default policy come and go with the first rule of a table.
        if (!ephemeralChain.test(chain) && policy !== 'ACCEPT') lines.push(`${prefix} :${chain} ${policy}`);
      }
      for (const rule of table.rules) {
        if (!ephemeralChain.test(chainOf(rule)) && !ephemeralChain.test(targetOf(rule) ?? '')) lines.push(`${prefix} ${rule}`);
      }
    }
  }
  return lines;
}

/** Host ends of pods' links without a bridge carry one host route each. */
function isPodRouteDevice(state: NodeState, device: string): boolean {
  const routes = state.routes.filter((route) => route.device === device && route.table === 'main' && route.family === 4);
  return routes.length > 0 && routes.every((route) => !route.dst.includes('/') && route.dst !== 'default');
}

/** Multiset difference of sorted lines. */
function without(lines: readonly string[], other: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of other) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const left = counts.get(line) ?? 0;
    if (left > 0) counts.set(line, left - 1);
    return left === 0;
  });
}
