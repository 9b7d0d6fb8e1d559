/** What is known of one end only, or by a guess: such facts speak for and against causes, and neither prove nor exclude one. Pure. */
import type { Fact, ObservationId } from '../fact.ts';
import { nameOf, unseen, type Observer, type Scene } from './scene.ts';

/** Observations that are about the client, or made from it. */
const OF_CLIENT: ReadonlySet<ObservationId> = new Set<ObservationId>([
  'placement', 'client-state', 'route', 'pod-route', 'gateway-neighbour', 'loopback', 'tunnel-entry', 'node-neighbour', 'nodes', 'conntrack', 'neighbour-table', 'dns-policy', 'name',
  'connect-client', 'connect-direct', 'connect-client-node', 'connect-nodes', 'connect-nodes-back', 'connect-dns', 'name-answer', 'large-packets', 'filter-counter', 'filter-rule', 'underlay-ping', 'tunnel', 'tunnel-port', 'service-rules', 'endpoint-rules', 'proxy-listens',
]);
/** Those that are made of the first pod at the other end alone. */
const OF_FIRST: ReadonlySet<ObservationId> = new Set<ObservationId>(['container-port', 'connect-inside', 'connect-target-node', 'connect-client-node', 'connect-direct', 'connect-nodes', 'connect-nodes-back', 'large-packets', 'underlay-ping', 'tunnel', 'tunnel-port']);
/** Those that are made of each pod at the other end, with what they may come to, the worst first. */
const OF_EACH: Readonly<Partial<Record<ObservationId, readonly string[]>>> = {
  'listener': ['none', 'other-address', 'loopback-only', 'there'], 'route': ['missing', 'unreachable', 'diverted', 'there'], 'tunnel-entry': ['missing', 'wrong-node', 'wrong-mac', 'right'], 'target-namespace': ['not-there', 'there'],
  'target-state': ['oom-killed', 'crash-loop', 'sandbox', 'image', 'config-error', 'pending', 'gone', 'completed', 'starting', 'not-ready', 'ready'],
};

/** Makes an observation; of each pod at the other end where it is about one, and says of how many it is true. */
export function observeEach(at: ObservationId, observe: Observer, scene: Scene): Fact | undefined {
  const { ends } = scene;
  const [order, count] = [OF_EACH[at], ends.pods.length];
  if (order === undefined || count < 2) return observe(scene);
  const all = ends.pods.map((pod) => observe({ ...scene, ends: { ...ends, pods: [pod] } }));
  const known = all.filter((one) => one?.value !== undefined).toSorted((a, b) => order.indexOf(a.value) - order.indexOf(b.value));
  const [worst] = known;
  const open = all.find((one) => one !== undefined && one.value === undefined);
  if (worst === undefined) return open;
  if (known.length === count && known.every(({ value }) => value === worst.value)) return { ...worst, says: `${worst.says}; it is the same with all ${count} pods at the other end` };
  if (worst.value === order.at(-1)) return open === undefined ? worst : unseen(`${worst.says}; of others of the ${count} pods at the other end it was not read`);
  return { ...worst, says: `${worst.says} (one of ${count} pods at the other end)`, weak: 'one-of-several' };
}

/** Marks what hangs on a guess, or is known of one pod of several. */
export function weighed(at: ObservationId, seen: Fact, { ends }: Scene): Fact {
  if (seen.value === undefined || seen.weak !== undefined) return seen;
  if (ends.guessed === true && OF_CLIENT.has(at)) return { ...seen, says: `${seen.says} (the client is a guess)`, weak: 'guessed-client' };
  const [pod] = ends.pods;
  return pod !== undefined && ends.pods.length > 1 && OF_FIRST.has(at) ? { ...seen, says: `${seen.says} (of ${ends.pods.length} pods at the other end ${nameOf(pod)} was looked at)`, weak: 'one-of-several' } : seen;
}
