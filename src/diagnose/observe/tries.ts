/** Which connections are worth trying, from where to where; and how a person tries them. Pure. */
import type { Pod } from '../../cluster/snapshot/typed.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { clientNode, clientPod, nameOf, unseen, type Scene } from './scene.ts';

/** One attempt: on which node, from which pod's namespace (undefined: the node's own), to where. */
export interface Try { node: string; pod?: Pod; host: string; port: number; where: string }

/** A pod's address. */
export const ipOf = (pod: Pod | undefined): string | undefined => pod?.status?.podIP;

/** What a scene tells for making connections. */
interface Around { scene: Scene; own: boolean; node: string | undefined; from: { pod?: Pod }; who: string; pod: Pod | undefined; ip: string | undefined; port: number | undefined }

function around(scene: Scene): Around {
  const { ends } = scene;
  const [client, node, [pod]] = [clientPod(scene), clientNode(scene), ends.pods];
  // A pod in the host's network connects from the host.
  const from = client === undefined || client.spec?.hostNetwork === true ? {} : { pod: client };
  return { scene, own: ends.target === 'loopback' || ends.target === 'own-pod', node, from, who: client === undefined ? `node ${node ?? '?'}` : `pod ${nameOf(client)}`, pod, ip: ipOf(pod), port: pod === undefined ? undefined : ends.ports.get(pod) };
}

type Found = Try | undefined;
const MADE = {
  'connect-client': ({ scene: { ends }, own, node, from, who, ip }: Around): Found => {
    const given = ends.service?.spec?.clusterIP;
    const address = ends.address ?? (given === 'None' ? undefined : given) ?? ip;
    return own || node === undefined || address === undefined || ends.port === undefined ? undefined : { node, ...from, host: address, port: ends.port, where: `from ${who} to ${address}:${ends.port}` };
  },
  'connect-direct': ({ own, node, from, who, ip, port }: Around): Found => (own || node === undefined || ip === undefined || port === undefined ? undefined : { node, ...from, host: ip, port, where: `from ${who} to the pod's own address ${ip}:${port}` }),
  'connect-client-node': ({ own, node, ip, port }: Around): Found => (own || node === undefined || ip === undefined || port === undefined ? undefined : { node, host: ip, port, where: `from node ${node} to ${ip}:${port}` }),
  'connect-target-node': ({ own, pod, ip, port }: Around): Found => {
    const node = pod?.spec?.nodeName;
    return own || node === undefined || ip === undefined || port === undefined ? undefined : { node, host: ip, port, where: `from the pod's own node ${node} to ${ip}:${port}` };
  },
  'connect-inside': ({ scene: { ends }, pod, ip, port }: Around): Found => {
    const [node, address] = [pod?.spec?.nodeName, ends.target === 'loopback' ? (ends.address === '::1' ? '::1' : '127.0.0.1') : ip];
    return pod === undefined || node === undefined || pod.spec?.hostNetwork === true || address === undefined || port === undefined ? undefined : { node, pod, host: address, port, where: `inside of ${nameOf(pod)} to ${address}:${port}` };
  },
  'connect-nodes': ({ scene: { view }, own, node, pod }: Around): Found => {
    const there = view.nodes.find(({ metadata }) => metadata.name === pod?.spec?.nodeName);
    const address = there === undefined ? undefined : view.addressOf(there);
    // Every kubelet listens there (kubernetes.io: ports and protocols).
    return own || node === undefined || there === undefined || address === undefined || there.metadata.name === node ? undefined : { node, host: address, port: 10_250, where: `from node ${node} to the kubelet of node ${there.metadata.name} (${address}:10250)` };
  },
  'connect-dns': ({ scene: { view }, node, from, who }: Around): Found => {
    const dns = view.picture.dns.service?.spec?.clusterIP;
    return node === undefined || from.pod === undefined || dns === undefined || dns === 'None' ? undefined : { node, ...from, host: dns, port: 53, where: `from ${who} to DNS ${dns}:53 (TCP)` };
  },
} as const;
const TRIES = Object.keys(MADE) as (keyof typeof MADE)[];

/** What an observation tries; undefined where the scene does not tell enough, or it is no connection. TCP alone can be tried. */
export function tryOf(at: ObservationId, scene: Scene): Try | undefined {
  const make = at in MADE ? MADE[at as keyof typeof MADE] : undefined;
  return make === undefined || (scene.ends.protocol !== 'TCP' && at !== 'connect-dns') ? undefined : make(around(scene));
}

/** A command that tries it by hand. */
function commandOf({ node, pod, host, port }: Try): string {
  return pod === undefined ? `nc -zvw 5 ${host} ${port}   # on node ${node}` : `kubectl -n ${pod.metadata.namespace ?? 'default'} exec ${pod.metadata.name} -- nc -zvw 5 ${host} ${port}`;
}

/** Connections that were not tried, each with the command that does. */
export function untried(scene: Scene): Map<ObservationId, Fact> {
  return new Map(TRIES.flatMap((at) => { const what = tryOf(at, scene); return what === undefined ? [] : [[at, unseen('no connection was tried', commandOf(what))] as const]; }));
}
