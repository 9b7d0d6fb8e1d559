/** Whether Felix has let the pods of both ends in and out, by the rules that it has for their devices. Pure. */
import type { Pod } from '../../cluster/snapshot/typed.ts';
import { chainOf, type IptablesDump } from '../../node/facts/iptables.ts';
import type { Fact } from '../fact.ts';
import { clientPod, fact, nameOf, unseen, type Scene } from './scene.ts';

/** A pod of an end, and its device on its node; `flag`: how packets that it sends, or gets, are matched. */
export interface Endpoint { end: 'client' | 'target'; pod: string; node: string; device: string; flag: '-i' | '-o'; chain: string }

/** The chains in which Felix finds the rules of a pod by its device, and drops what comes from or goes to one that it does not know (Calico: felix/rules/dispatch.go; names of devices begin with `cali`: felix/config, InterfacePrefix). */
const DISPATCH = { client: { flag: '-i', chain: 'cali-from-wl-dispatch' }, target: { flag: '-o', chain: 'cali-to-wl-dispatch' } } as const;

/** Both ends, where Calico serves them and their devices are known; the first pod stands for several. */
export function endpointsOf(scene: Scene): Endpoint[] {
  const { view, ends } = scene;
  const of = (end: Endpoint['end'], pod: Pod | undefined): Endpoint[] => {
    const [ip, node] = [pod?.status?.podIP, pod?.spec?.nodeName];
    if (pod === undefined || ip === undefined || node === undefined || pod.spec?.hostNetwork === true) return [];
    const device = view.index.host(node)?.routes?.find(({ dst, table }) => table === 'main' && (dst === ip || dst === `${ip}/32`))?.device;
    return device?.startsWith('cali') === true ? [{ end, pod: nameOf(pod), node, device, ...DISPATCH[end] }] : [];
  };
  if (ends.target === 'loopback' || ends.target === 'own-pod') return [];
  return [...of('client', clientPod(scene)), ...of('target', ends.pods[0])];
}

/** How a person would look. */
export const endpointCommand = ({ node, flag, device, chain }: Endpoint): string => `iptables-save -t filter | grep -E -- '${chain}|${flag} ${device} '   # on node ${node}`;

/** What the rules of the nodes say. `several`: other pods at the other end may have been asked. */
export function judgeEndpoints(endpoints: readonly Endpoint[], rulesOf: ReadonlyMap<string, readonly IptablesDump[]>, several: boolean, now: Date): Fact {
  const looked = endpoints.flatMap((one) => {
    const rules = (rulesOf.get(one.node) ?? []).flatMap(({ tables }) => tables.filter(({ name }) => name === 'filter').flatMap((table) => table.rules)).filter((rule) => chainOf(rule).startsWith(one.chain));
    // Without the chains Felix has not run yet, or uses nftables.
    return rules.length === 0 ? [] : [{ one, has: rules.some((rule) => rule.includes(` ${one.flag} ${one.device} `)) }];
  });
  const evidence = ({ node, flag, device, chain }: Endpoint, rule: string): Parameters<typeof fact>[2] => ({ source: `iptables-save on ${node}`, observedAt: now.toISOString(), excerpt: `${rule} with ${flag} ${device} in ${chain} and the chains that follow it`, level: 'observed' });
  const missing = looked.find(({ has }) => !has)?.one;
  if (missing !== undefined) {
    const says = `Felix of node ${missing.node} has no rule for device ${missing.device} of Pod ${missing.pod}: what the pod ${missing.end === 'client' ? 'sends' : 'is sent'} is dropped`;
    return { ...fact(`missing-${missing.end}`, says, evidence(missing, 'no rule')), ...(missing.end === 'target' && several ? { weak: 'one-of-several' as const } : {}) };
  }
  const [first] = endpoints;
  if (first === undefined || looked.length < endpoints.length) return unseen("Felix' rules for the pods of both ends were not found in iptables", first === undefined ? undefined : endpointCommand(first));
  return fact('there', `Felix has rules for the devices of both ends: ${endpoints.map(({ device, pod }) => `${device} (${pod})`).join(', ')}`, ...looked.map(({ one }) => evidence(one, 'a rule')));
}
