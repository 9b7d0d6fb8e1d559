/** Which of the connections that were seen a state of policies would deny. */
import { Asker, type Reply } from '../ask/question.ts';
import { reasonsOf } from '../ask/reasons.ts';
import type { Engine } from '../compile/engine.ts';
import type { Flow } from './flow.ts';

/** Flows between the same workloads on one port, which the policies treat alike. */
export interface Hit {
  from: string;
  to: string;
  protocol: string;
  port: number;
  verdict: 'deny' | 'depends' | 'unknown';
  /** Connections seen. */
  count: number;
  /** Pairs of ends among them. */
  pairs: number;
  because: string[];
}

export interface Impact {
  /** The most frequent first, of each verdict. */
  hits: Hit[];
  /** Connections by verdict. */
  counts: Record<'allow' | 'deny' | 'depends' | 'unknown', number>;
}

function nameOf(name: string, reply: Reply, side: 'from' | 'to'): string {
  const end = reply.answers[0]?.[side];
  return end === undefined ? name : end.kind === 'pod' ? end.pod.workload : end.name;
}

const ORDER = ['deny', 'depends', 'unknown'] as const;

/** Judges flows under a compiled state. */
export function impactOf(engine: Engine, flows: readonly Flow[]): Impact {
  const asker = new Asker(engine);
  const counts = { allow: 0, deny: 0, depends: 0, unknown: 0 };
  const hits = new Map<string, Hit>();
  for (const { from, to, protocol, port, count } of flows) {
    const reply = asker.ask({ from, to, protocol, port });
    counts[reply.verdict] += count;
    if (reply.verdict === 'allow') continue;
    const [source, target] = [nameOf(from, reply, 'from'), nameOf(to, reply, 'to')];
    const key = `${reply.verdict} ${source} ${target} ${protocol} ${port}`;
    const known = hits.get(key);
    if (known === undefined) {
      const because = [...reply.why, ...reply.answers.slice(0, 1).flatMap((one) => reasonsOf(one, 'field'))];
      hits.set(key, { from: source, to: target, protocol, port, verdict: reply.verdict, count, pairs: 1, because });
    } else {
      known.count += count;
      known.pairs += 1;
    }
  }
  return { hits: [...hits.values()].toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || b.count - a.count), counts };
}

/** As text: what would be lost first. */
export function impactText({ hits, counts }: Impact): string {
  const lines = hits.map((hit) => `${hit.verdict}: ${hit.from} → ${hit.to} ${hit.protocol} ${hit.port}: seen ${hit.count} ${hit.count === 1 ? 'time' : 'times'} between ${hit.pairs} ${hit.pairs === 1 ? 'pair' : 'pairs'}\n${hit.because.map((one) => `  ${one}\n`).join('')}`);
  const total = counts.allow + counts.deny + counts.depends + counts.unknown;
  return `${lines.join('')}of ${total} connections seen: ${counts.deny} would be denied, ${counts.depends} depend, ${counts.unknown} cannot be told, ${counts.allow} stay\n`;
}
