/** Makes observations in a living cluster: connections from both ends, and the counters of the packet filter meanwhile. */
import { setTimeout } from 'node:timers/promises';
import { EnvironmentError } from '../../core/errors.ts';
import { readIptables } from '../../node/facts/iptables.ts';
import type { NodeShell } from '../../node/shell.ts';
import type { Prober } from '../diagnose.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { endpointsOf, judgeEndpoints } from '../observe/endpoint-rules.ts';
import { matchesProbe } from '../observe/filter-rule.ts';
import { fact, unseen, type Scene } from '../observe/scene.ts';
import { judgeRules, wantedOf } from '../observe/service-rules.ts';
import { ipOf, pingOf, questionAt, tryOf, type Question, type Try } from '../observe/tries.ts';
import { waysOf } from '../observe/tunnel-way.ts';
import { askDns } from './ask-dns.ts';
import { askName, type NameAnswer } from './ask-name.ts';
import { connectFrom, type Attempt } from './connect.ts';
import { readCounters, risen } from './counters.ts';
import { pingLarge } from './large.ts';
import { readServiceRules } from './service-rules.ts';
import { tryPort, tryTunnel, tryUnderlay } from './tunnel.ts';

/** SYNs that a client sends before it gives up after 5 s: at once, after 1 s and after 3 s (RFC 6298, §5). */
const SYNS = 3;

const WORDS: Readonly<Record<string, string>> = { 'ok': 'connects', 'refused': 'is refused', 'timeout': 'gets no answer', 'no-route': 'finds no route to the host', 'net-unreachable': 'finds no way to the network', 'reset': 'is reset' };

function factOf(attempt: Attempt, { where, node, asks }: Try, now: Date): Fact {
  const [doing, word] = asks === true ? ['asking DNS over UDP', attempt.value === 'ok' ? 'is answered' : undefined] : ['connecting', undefined];
  return attempt.value === undefined ? unseen(`${where}: ${attempt.said}`) : fact(attempt.value, `${doing} ${where} ${word ?? WORDS[attempt.value] ?? attempt.value}`, { source: `node ${node}: ${asks === true ? 'ask DNS' : 'connect'} ${where}`, observedAt: now.toISOString(), excerpt: attempt.said, level: 'observed' });
}

const ANSWERS: Readonly<Record<Exclude<NameAnswer['value'], undefined>, string>> = { 'answered': 'has an answer', 'no-such-name': 'says that there is no such name', 'server-failure': 'says that it could not find out', 'refused': 'refuses to say', 'silent': 'says nothing' };

function answerOf({ value, said }: NameAnswer, { name, host, port, who, node }: Question, now: Date): Fact {
  const what = `DNS ${host}, asked by ${who} for ${name},`;
  return value === undefined ? unseen(`${what} gave no answer that can be read: ${said}`) : fact(value, `${what} ${ANSWERS[value]}`, { source: `node ${node}: ${name} A @${host}:${port} from ${who}`, observedAt: now.toISOString(), excerpt: said, level: 'observed' });
}

/** A prober over the shells of nodes. `now` and `pause` (ms) are for tests. */
export function liveProber(shellOf: (node: string) => NodeShell, now: () => Date = () => new Date(), pause: (ms: number) => Promise<unknown> = async (ms) => await setTimeout(ms)): Prober {
  const attempt = async (what: Try): Promise<Fact> => factOf(await (what.asks === true ? askDns : connectFrom)(shellOf(what.node), ipOf(what.pod), what.host, what.port), what, now());
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
      return idle === undefined || before === undefined || after === undefined ? [] : risen([idle, before], [before, after], connected.value === 'timeout' ? SYNS : 1).map((one) => ({ node, ...one }));
    });
    // Others send meanwhile, too: what cannot have counted this connection says nothing of it.
    const [first] = rules.filter(({ rule }) => matchesProbe(scene, rule));
    if (first === undefined) return [['connect-client', connected], ['filter-counter', c.every((one) => one === undefined) ? unseen('no program of iptables is on the nodes of both ends') : fact('still', 'no rule of iptables that drops or rejects counted the probe', { source: `iptables-save -c on ${nodes.join(', ')}`, observedAt: now().toISOString(), excerpt: 'no counter rose', level: 'observed' })]];
    const some = first.node !== what.node && scene.ends.pods.length > 1 ? { weak: 'one-of-several' as const } : {};
    const rejects = / -j REJECT\b/.test(first.rule);
    return [['connect-client', connected], ['filter-counter', { ...fact(rejects ? 'counts-reject' : 'counts-drop', `a rule of node ${first.node} that ${rejects ? 'rejects' : 'drops'} counted ${first.by} packet${first.by === 1 ? '' : 's'} of the probe`, { source: `iptables-save -c on ${first.node}, before and after`, observedAt: now().toISOString(), excerpt: first.rule, level: 'observed' }), ...some }]];
  };
  const endpointRules = async (scene: Scene): Promise<[ObservationId, Fact][]> => {
    const endpoints = endpointsOf(scene);
    const nodes = [...new Set(endpoints.map(({ node }) => node))];
    const rules = new Map(await Promise.all(nodes.map(async (node) => [node, await readIptables(shellOf(node))] as const)));
    return [['endpoint-rules', judgeEndpoints(endpoints, rules, scene.ends.pods.length > 1, now())]];
  };
  /** From pod to pod: in the host's network there is no device of the pod's own. */
  const sized = async (scene: Scene): Promise<[ObservationId, Fact][]> => {
    const what = tryOf('connect-direct', scene);
    const from = ipOf(what?.pod);
    if (what === undefined || from === undefined) return [];
    const { value, said } = await pingLarge(shellOf(what.node), from, what.host);
    const where = `from ${from} to ${what.host}`;
    return [['large-packets', value === undefined ? unseen(`ping ${where}: ${said}`) : fact(value, value === 'fits' ? `packets as large as the pod may send arrive ${where}` : `large packets do not arrive ${where}, small ones do`, { source: `node ${what.node}: ping -M do ${where}`, observedAt: now().toISOString(), excerpt: said, level: 'observed' })]];
  };
  /** What is no single connection. */
  const others: Partial<Record<ObservationId, { can(scene: Scene): boolean; look(scene: Scene): Promise<[ObservationId, Fact][]> }>> = {
    'filter-counter': { can: (scene) => tryOf('connect-client', scene) !== undefined, look: counted },
    'name-answer': { can: (scene) => questionAt(scene) !== undefined, look: async (scene) => { const what = questionAt(scene); return what === undefined ? [] : [['name-answer', answerOf(await askName(shellOf(what.node), ipOf(what.pod), what, what.name), what, now())]]; } },
    'large-packets': { can: (scene) => tryOf('connect-direct', scene)?.pod !== undefined, look: sized },
    'tunnel': { can: (scene) => waysOf(scene).length > 0, look: async (scene) => [['tunnel', await tryTunnel({ shellOf, now, pause }, waysOf(scene))]] },
    'tunnel-port': { can: (scene) => waysOf(scene).some(({ port }) => port !== undefined), look: async (scene) => [['tunnel-port', await tryPort({ shellOf, now, pause }, waysOf(scene))]] },
    'underlay-ping': { can: (scene) => pingOf(scene) !== undefined, look: async (scene) => { const what = pingOf(scene); return what === undefined ? [] : [['underlay-ping', await tryUnderlay({ shellOf, now, pause }, what)]]; } },
    'endpoint-rules': { can: (scene) => endpointsOf(scene).length > 0, look: endpointRules },
    'service-rules': { can: (scene) => wantedOf(scene) !== undefined, look: async (scene) => { const wanted = wantedOf(scene); return wanted === undefined ? [] : [['service-rules', judgeRules(await readServiceRules(shellOf(wanted.node)), wanted, now())]]; } },
  };
  return {
    can: (at, scene) => others[at]?.can(scene) ?? tryOf(at, scene) !== undefined,
    async observe(at, scene) {
      try {
        const other = others[at];
        if (other !== undefined) return new Map(await other.look(scene));
        const what = tryOf(at, scene);
        return new Map(what === undefined ? [] : [[at, await attempt(what)]]);
      } catch (error) {
        if (!(error instanceof EnvironmentError)) throw error;
        return new Map([[at, unseen(error.message)]]);
      }
    },
  };
}
