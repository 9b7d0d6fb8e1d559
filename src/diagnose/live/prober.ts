/** Makes observations in a living cluster: connections from both ends, and the counters of the packet filter meanwhile. */
import { EnvironmentError } from '../../core/errors.ts';
import type { NodeShell } from '../../node/shell.ts';
import type { Pod } from '../../cluster/snapshot/typed.ts';
import type { Prober } from '../diagnose.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { clientNode, clientPod, fact, nameOf, unseen, type Scene } from '../observe/scene.ts';
import { connectFrom, type Attempt } from './connect.ts';
import { readCounters, risen } from './counters.ts';

/** One attempt: on which node, from which pod's namespace (undefined: the node's own), to where. */
export interface Try { node: string; pod?: Pod; host: string; port: number; where: string }

const ipOf = (pod: Pod | undefined): string | undefined => pod?.status?.podIP;

/** What an observation tries; undefined where the scene does not tell enough, or it is no connection. Pure. */
export function tryOf(at: ObservationId, scene: Scene): Try | undefined {
  const { ends, view } = scene;
  const [client, node] = [clientPod(scene), clientNode(scene)];
  const [pod] = ends.pods;
  const [ip, port] = [ipOf(pod), pod === undefined ? undefined : ends.ports.get(pod)];
  const own = ends.target === 'loopback' || ends.target === 'own-pod';
  // A pod in the host's network connects from the host.
  const from = client === undefined || client.spec?.hostNetwork === true ? {} : { pod: client };
  const who = client === undefined ? `node ${node ?? '?'}` : `pod ${nameOf(client)}`;
  const tries = (found: Try | undefined | false): Try | undefined => (found === false || found === undefined || ends.protocol !== 'TCP' ? undefined : found);
  switch (at) {
    case 'connect-client': {
      const given = ends.service?.spec?.clusterIP;
      const address = ends.address ?? (given === 'None' ? undefined : given) ?? ip;
      return tries(!own && node !== undefined && address !== undefined && ends.port !== undefined && { node, ...from, host: address, port: ends.port, where: `from ${who} to ${address}:${ends.port}` });
    }
    case 'connect-direct': return tries(!own && node !== undefined && ip !== undefined && port !== undefined && { node, ...from, host: ip, port, where: `from ${who} to the pod's own address ${ip}:${port}` });
    case 'connect-client-node': return tries(!own && node !== undefined && ip !== undefined && port !== undefined && { node, host: ip, port, where: `from node ${node} to ${ip}:${port}` });
    case 'connect-target-node': return tries(!own && pod?.spec?.nodeName !== undefined && ip !== undefined && port !== undefined && { node: pod.spec.nodeName, host: ip, port, where: `from the pod's own node ${pod.spec.nodeName} to ${ip}:${port}` });
    case 'connect-inside': {
      const address = ends.target === 'loopback' ? (ends.address === '::1' ? '::1' : '127.0.0.1') : ip;
      return tries(pod?.spec?.nodeName !== undefined && pod.spec.hostNetwork !== true && address !== undefined && port !== undefined && { node: pod.spec.nodeName, pod, host: address, port, where: `inside of ${nameOf(pod)} to ${address}:${port}` });
    }
    case 'connect-dns': {
      const dns = view.picture.dns.service?.spec?.clusterIP;
      return node !== undefined && client !== undefined && dns !== undefined && dns !== 'None' ? { node, ...from, host: dns, port: 53, where: `from ${who} to DNS ${dns}:53 (TCP)` } : undefined;
    }
    default: return undefined;
  }
}

const WORDS: Readonly<Record<string, string>> = { 'ok': 'connects', 'refused': 'is refused', 'timeout': 'gets no answer', 'no-route': 'finds no route to the host', 'net-unreachable': 'finds no way to the network', 'reset': 'is reset' };

function factOf(attempt: Attempt, { where, node }: Try, now: Date): Fact {
  return attempt.value === undefined ? unseen(`${where}: ${attempt.said}`) : fact(attempt.value, `connecting ${where} ${WORDS[attempt.value] ?? attempt.value}`, { source: `node ${node}: connect ${where}`, observedAt: now.toISOString(), excerpt: attempt.said, level: 'observed' });
}

/** A prober over the shells of nodes. `now` is for tests. */
export function liveProber(shellOf: (node: string) => NodeShell, now: () => Date = () => new Date()): Prober {
  const attempt = async (what: Try): Promise<Fact> => factOf(await connectFrom(shellOf(what.node), ipOf(what.pod), what.host, what.port), what, now());
  /** Counters of both ends' nodes before and after the connection itself. */
  const counted = async (scene: Scene): Promise<[ObservationId, Fact][]> => {
    const what = tryOf('connect-client', scene);
    if (what === undefined) return [];
    const nodes = [...new Set([what.node, ...scene.ends.pods.slice(0, 1).flatMap(({ spec }) => spec?.nodeName ?? [])])];
    const read = async (): Promise<(ReadonlyMap<string, number> | undefined)[]> => await Promise.all(nodes.map((node) => readCounters(shellOf(node))));
    const [a, b] = [await read(), await read()];
    const connected = await attempt(what);
    const c = await read();
    const rules = nodes.flatMap((node, index) => {
      const [idle, before, after] = [a[index], b[index], c[index]];
      return idle === undefined || before === undefined || after === undefined ? [] : risen([idle, before], [before, after]).map((one) => ({ node, ...one }));
    });
    const [first] = rules;
    if (first === undefined) return [['connect-client', connected], ['filter-counter', c.every((one) => one === undefined) ? unseen('no program of iptables is on the nodes of both ends') : fact('still', 'no rule of iptables that drops or rejects counted the probe', { source: `iptables-save -c on ${nodes.join(', ')}`, observedAt: now().toISOString(), excerpt: 'no counter rose', level: 'observed' })]];
    const rejects = / -j REJECT\b/.test(first.rule);
    return [['connect-client', connected], ['filter-counter', fact(rejects ? 'counts-reject' : 'counts-drop', `a rule of node ${first.node} that ${rejects ? 'rejects' : 'drops'} counted ${first.by} packet${first.by === 1 ? '' : 's'} of the probe`, { source: `iptables-save -c on ${first.node}, before and after`, observedAt: now().toISOString(), excerpt: first.rule, level: 'observed' })]];
  };
  return {
    can: (at, scene) => (at === 'filter-counter' ? tryOf('connect-client', scene) : tryOf(at, scene)) !== undefined,
    async observe(at, scene) {
      try {
        if (at === 'filter-counter') return new Map(await counted(scene));
        const what = tryOf(at, scene);
        return new Map(what === undefined ? [] : [[at, await attempt(what)]]);
      } catch (error) {
        if (!(error instanceof EnvironmentError)) throw error;
        return new Map([[at, unseen(error.message)]]);
      }
    },
  };
}
