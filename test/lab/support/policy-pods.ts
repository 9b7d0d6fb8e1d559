/** Small pods that listen and can be told to connect, and random policies about them. */
import fc from 'fast-check';
import type { Cluster } from '../../../src/cluster/client.ts';
import type { KubeObject } from '../../../src/cluster/objects.ts';
import { formatPrefix, parsePrefix } from '../../../src/net/prefix.ts';
import { engineOf, verdictOf } from '../../../src/policy/testing/engine-of.ts';
import { calicoObjects, calicoWorlds } from '../../../src/policy/testing/calico-worlds.ts';
import { labels, NAMESPACES, objectsOf, worlds } from '../../../src/policy/testing/kubernetes-worlds.ts';
import { nodePod } from './lab.ts';

/** The ports that the generators of policies name, as far as pods listen on them. */
export const PROBED = [{ protocol: 'TCP', port: 79 }, { protocol: 'TCP', port: 80 }, { protocol: 'TCP', port: 90 }, { protocol: 'TCP', port: 443 }, { protocol: 'UDP', port: 80 }, { protocol: 'UDP', port: 443 }] as const;

const portsOf = (protocol: string): string => JSON.stringify(PROBED.filter((one) => one.protocol === protocol).map(({ port }) => port));

/** Takes every connection and sends every datagram back. */
const LISTENER = `const net=require('node:net'),dgram=require('node:dgram');
for(const port of ${portsOf('TCP')})net.createServer((socket)=>{socket.on('error',()=>{});socket.end()}).listen(port,'0.0.0.0');
for(const port of ${portsOf('UDP')}){const socket=dgram.createSocket('udp4');socket.on('message',(data,from)=>socket.send(data,from.port,from.address));socket.bind(port)}`;

/**
 * Tries every target of standard input at once, each from a port of its own, so that no connection that is known already
 * lets it through. A refusal came through, too. Datagrams are sent three times, because one may be lost for other reasons.
 */
const PROBER = `const net=require('node:net'),dgram=require('node:dgram');
const tcp=({address,port})=>new Promise((resolve)=>{const socket=net.connect({host:address,port});const end=(reached)=>{socket.destroy();resolve(reached)};
socket.setTimeout(2000,()=>end(false));socket.on('connect',()=>end(true));socket.on('error',(error)=>end(error.code==='ECONNREFUSED'))});
const udp=({address,port})=>new Promise((resolve)=>{const socket=dgram.createSocket('udp4');const end=(reached)=>{clearInterval(again);clearTimeout(last);socket.close();resolve(reached)};
const send=()=>socket.send('?',port,address,()=>{});socket.on('message',()=>end(true));socket.on('error',()=>{});send();const again=setInterval(send,600);const last=setTimeout(end,2000,false)});
let text='';process.stdin.on('data',(piece)=>text+=piece).on('end',async()=>{
const found=await Promise.all(JSON.parse(text).map((one)=>one.protocol==='TCP'?tcp(one):udp(one)));console.log(JSON.stringify(found));process.exit(0)})`;

export interface ProbePod {
  /** `NAMESPACE/NAME`. */
  id: string;
  namespace: string;
  name: string;
  address: string;
}

/** Four pods in each namespace of the generators, spread over the nodes, with labels and names of ports that the seed decides. */
export function podsFor(nodes: readonly string[], seed: number): KubeObject[] {
  const drawn = fc.sample(fc.tuple(labels, fc.constantFrom({ http: 80, dns: 443 }, { http: 90, dns: 80 }, { http: 443 }, {})), { seed, numRuns: NAMESPACES.length * 4 });
  const namespaces = NAMESPACES.map((name): KubeObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: fc.sample(labels, { seed: seed + name.charCodeAt(1), numRuns: 1 })[0]! } }));
  const pods = drawn.map(([own, names], index): KubeObject => {
    const pod = nodePod(`p${index}`, nodes[index % nodes.length]!, LISTENER, {}, {
      securityContext: { runAsUser: 0 },
      ports: Object.entries(names as Record<string, number>).map(([name, containerPort]) => ({ name, containerPort, protocol: name === 'dns' ? 'UDP' : 'TCP' })),
    });
    return { ...pod, metadata: { name: `p${index}`, namespace: NAMESPACES[index % NAMESPACES.length]!, labels: own } };
  });
  return [...namespaces, ...pods];
}

/** The generators' blocks of addresses, as blocks around a pod that is there; what lies within another still does. */
function placed(text: string, address: string): string {
  const around = (length: number): string => {
    const { network, width } = parsePrefix(`${address}/${length}`);
    return formatPrefix({ network, length, width });
  };
  const blocks: Readonly<Record<string, string>> = { '10.0.0.0/30': around(26), '10.0.0.2/31': around(31), '10.0.0.1/32': around(32) };
  return text.replaceAll(/"(10\.0\.0\.\d\/\d\d)"/g, (whole, block: string) => (blocks[block] === undefined ? whole : JSON.stringify(blocks[block])));
}

/** The part of the probes that policies allow, by the engine. */
function allowed(objects: readonly KubeObject[], pods: readonly ProbePod[], policies: readonly KubeObject[]): number {
  const running = objects.map((one) => ({ ...one, ...(one.kind === 'Pod' ? { status: { phase: 'Running', podIP: pods.find(({ name }) => name === one.metadata.name)?.address } } : {}) }));
  const { engine } = engineOf([...running, ...policies]);
  const verdicts = pods.flatMap((from) => pods.filter((to) => to !== from).flatMap((to) => PROBED.map(({ protocol, port }) => verdictOf(engine, from.id, to.id, port, protocol))));
  return verdicts.filter((one) => one === 'allow').length / verdicts.length;
}

/** How often other policies are drawn where everything, or nearly nothing, would be denied. */
const DRAWS = 100;

/** Random policies that allow some of the probes and deny others; every second time Calico's are among them. Errors: where none can be drawn. */
export function policiesFor(objects: readonly KubeObject[], pods: readonly ProbePod[], seed: number): KubeObject[] {
  for (let attempt = 0; attempt < DRAWS; attempt += 1) {
    const policies = draw(pods, seed, seed * DRAWS + attempt);
    const part = allowed(objects, pods, policies);
    if (part > 0.2 && part < 0.8) return policies;
  }
  throw new Error(`no policies of seed ${seed} allow some of the probes and deny others`);
}

/** Random NetworkPolicies, with an odd number Calico's policies of its default tier beside them, as its CustomResourceDefinitions hold them. */
function draw(pods: readonly ProbePod[], number: number, seed: number): KubeObject[] {
  const about = pods[seed % pods.length]!.address;
  const isPolicy = (one: object): one is KubeObject => /^(Global)?NetworkPolicy$/.test((one as KubeObject).kind);
  const [world] = fc.sample(worlds.filter(({ policies }) => policies.length > 1), { seed, numRuns: 1 });
  const kubernetes = objectsOf(world!).filter(isPolicy);
  const others = number % 2 === 0 ? [] : fc.sample(calicoWorlds.filter(({ calico }) => calico.length > 0), { seed, numRuns: 1 }).flatMap(calicoObjects).filter(isPolicy).filter((one) => one.apiVersion.includes('calico'));
  const calico = others.map((one) => {
    const spec = (one as KubeObject & { spec: { types?: string[]; ingress: unknown[]; egress: unknown[] } }).spec;
    // The API server of Calico writes both out; straight into the CustomResourceDefinition nobody does.
    const types = spec.types ?? (spec.egress.length === 0 ? ['Ingress'] : spec.ingress.length === 0 ? ['Egress'] : ['Ingress', 'Egress']);
    return { ...one, apiVersion: 'crd.projectcalico.org/v1', metadata: { ...one.metadata, name: `default.${one.metadata.name}` }, spec: { ...spec, tier: 'default', types } };
  });
  return JSON.parse(placed(JSON.stringify([...kubernetes, ...calico]), about)) as KubeObject[];
}

export interface Target {
  to: ProbePod;
  protocol: string;
  port: number;
}

/** Which of the targets a pod reaches. */
export async function reached(cluster: Cluster, from: ProbePod, targets: readonly Target[]): Promise<boolean[]> {
  const stdin = Buffer.from(JSON.stringify(targets.map(({ to, protocol, port }) => ({ address: to.address, protocol, port }))));
  const { code, stdout, stderr } = await cluster.exec({ namespace: from.namespace, pod: from.name, container: 'node' }, ['/usr/local/bin/node', '-e', PROBER], { stdin, timeoutMs: 60_000 });
  const found = JSON.parse(Buffer.from(stdout).toString() || 'null') as boolean[] | null;
  if (found?.length !== targets.length) throw new Error(`the prober in ${from.id} ended with ${code ?? 'nothing'}: ${Buffer.from(stderr).toString()}`);
  return found;
}
