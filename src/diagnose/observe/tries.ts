/** Which connections are worth trying, from where to where; and how a person tries them. Pure. */
import type { Pod } from '../../cluster/snapshot/typed.ts';
import { meaningOf } from '../ends.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { clientNode, clientPod, nameOf, unseen, type Scene } from './scene.ts';
import { unreadRules } from './service-rules.ts';
import { untriedTunnel } from './tunnel-way.ts';

/** One attempt: on which node, from which pod's namespace (undefined: the node's own), to where. `asks`: a question to DNS over UDP; else a TCP connection. */
export interface Try { node: string; pod?: Pod; host: string; port: number; where: string; asks?: true }

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

/** Every kubelet listens there (kubernetes.io: ports and protocols). */
const KUBELET = 10_250;

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
    return own || node === undefined || there === undefined || address === undefined || there.metadata.name === node ? undefined : { node, host: address, port: KUBELET, where: `from node ${node} to the kubelet of node ${there.metadata.name} (${address}:${KUBELET})` };
  },
  'connect-nodes-back': ({ scene: { view }, own, node, pod }: Around): Found => {
    const [here, there] = [view.nodes.find(({ metadata }) => metadata.name === node), pod?.spec?.nodeName];
    const address = here === undefined ? undefined : view.addressOf(here);
    return own || node === undefined || there === undefined || address === undefined || there === node ? undefined : { node: there, host: address, port: KUBELET, where: `from node ${there} to the kubelet of node ${node} (${address}:${KUBELET})` };
  },
  'connect-dns': ({ scene: { view }, node, from, who }: Around): Found => {
    const dns = view.picture.dns.service?.spec?.clusterIP;
    return node === undefined || from.pod === undefined || dns === undefined || dns === 'None' ? undefined : { node, ...from, host: dns, port: 53, where: `from ${who} to DNS ${dns}:53 (TCP)` };
  },
} as const;
const TRIES = Object.keys(MADE) as (keyof typeof MADE)[];

/** Those that are TCP connections whatever the complaint is about. */
const ALWAYS_TCP: ReadonlySet<ObservationId> = new Set<ObservationId>(['connect-nodes', 'connect-nodes-back', 'connect-dns']);

/** What an observation tries; undefined where the scene does not tell enough, or it is no connection. Of what uses UDP DNS alone can be tried: it answers everybody. */
export function tryOf(at: ObservationId, scene: Scene): Try | undefined {
  const make = at in MADE ? MADE[at as keyof typeof MADE] : undefined;
  const { ends: { protocol, target, port } } = scene;
  if (make === undefined) return undefined;
  const made = make(around(scene));
  if (protocol === 'TCP' || ALWAYS_TCP.has(at) || made === undefined) return made;
  return target === 'dns' || port === 53 ? { ...made, asks: true } : undefined;
}

/** A question for the address of a name. */
export interface Question { node: string; pod?: Pod; host: string; port: number; name: string; who: string }

/** A name that can be asked for: labels of at most 63 letters, digits, hyphens and underscores (RFC 1035, §2.3.4; RFC 2181, §11). */
const canAsk = (name: string): boolean => name.length <= 253 && name.replace(/\.$/, '').split('.').every((label) => /^[\w-]{1,63}$/.test(label));

/** Which server is to be asked for the name that was complained of, and from where: for names of outside alone, which are asked for as they are. */
export function questionAt(scene: Scene): Question | undefined {
  const name = scene.ends.name ?? scene.symptom?.name;
  const { node, from, who } = around(scene);
  const dns = scene.view.picture.dns.service?.spec?.clusterIP;
  if (name === undefined || node === undefined || dns === undefined || dns === 'None' || !canAsk(name) || meaningOf(scene.view, name, clientPod(scene)).kind !== 'outside') return undefined;
  return { node, ...from, host: dns, port: 53, name: name.replace(/\.$/, ''), who };
}

/** A command that tries it by hand. */
function commandOf({ node, pod, host, port, asks }: Try | (Question & { asks?: undefined }), given?: string): string {
  const command = given ?? (asks === true ? `dig +time=2 +tries=2 -p ${port} @${host} version.bind CH TXT` : `nc -zvw 5 ${host} ${port}`);
  return pod === undefined ? `${command}   # on node ${node}` : `kubectl -n ${pod.metadata.namespace ?? 'default'} exec ${pod.metadata.name} -- ${command}`;
}

/** Why nothing is tried over UDP. */
const NO_UDP = 'UDP cannot be tried: most who listen there answer nothing that they do not understand';

/** From which node to which address of the other one a ping is to go. */
export function pingOf(scene: Scene): { from: string; to: string; address: string } | undefined {
  const what = tryOf('connect-nodes', scene);
  const to = scene.ends.pods[0]?.spec?.nodeName;
  return what === undefined || to === undefined ? undefined : { from: what.node, to, address: what.host };
}

/** Connections that were not tried, each with the command that does. */
export function untried(scene: Scene): Map<ObservationId, Fact> {
  const facts = new Map<ObservationId, Fact>(TRIES.flatMap((at) => {
    const what = tryOf(at, scene);
    return what !== undefined ? [[at, unseen('no connection was tried', commandOf(what))] as const] : scene.ends.protocol === 'UDP' && MADE[at](around(scene)) !== undefined ? [[at, unseen(NO_UDP)] as const] : [];
  }));
  const ping = pingOf(scene);
  if (ping !== undefined) facts.set('underlay-ping', unseen('nothing was sent', `ping -c 3 ${ping.address}   # on node ${ping.from}`));
  const question = questionAt(scene);
  if (question !== undefined) facts.set('name-answer', unseen('DNS was not asked', commandOf(question, `dig +time=8 +tries=1 @${question.host} ${question.name} A`)));
  const rules = unreadRules(scene);
  if (rules !== undefined) facts.set('service-rules', rules);
  for (const [at, seen] of untriedTunnel(scene)) facts.set(at, seen);
  return facts;
}
