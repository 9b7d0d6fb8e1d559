/** What of each flow passed which capture points, in which order, under which addresses; and from that, what was lost between two of them. */
import { Protocol } from '../decode/decoder.ts';
import type { Packet } from '../decode/packet.ts';
import type { Points } from '../points.ts';
import type { Findings } from '../signatures/findings.ts';
import { span, type Words } from '../signatures/words.ts';

interface Ends { family: 4 | 6; protocol: number; source: number; destination: number; sourcePort: number; destinationPort: number }
interface Seen { count: number; /** Of the delays after the first sight, in nanoseconds: their sum, the least, the most. */ delay: number; least: number; most: number }
export interface PathFlow extends Ends {
  first: number;
  last: number;
  frame: number;
  point: number;
  /** Where else its packets were seen. */
  seen: Map<number, Seen>;
  /** How many packets passed exactly these points (a bit for each). */
  masks: Map<number, number>;
  /** The ends as another point saw them. */
  translated: Ends | undefined;
  /** Packets of the last file that are waiting for the end: [points, time]. */
  waiting: [points: number, time: number][];
  /** It has packets that cannot be told from each other. */
  repeats: boolean;
}

/** The next point of packets, by a flow that shows it; `back`: one that comes from there. */
interface Way { next: number; flow: PathFlow; back: boolean }

/** Flows that are remembered; of others nothing is told. */
const CAPACITY = 20_000;
/** At the edges of another file packets are missing that were not lost: on their way there, in nanoseconds. */
const EDGE = 1e6;
/** One packet may be lost by the capture itself. */
const LEAST = 2;

export class PathFlows {
  readonly all: PathFlow[] = [];
  readonly #byKey = new Map<number, number>();

  /** The flow of a packet that is seen for the first time; -1 when there are too many. */
  first(packet: Packet): number {
    const key = keyOf(packet);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.all.length >= CAPACITY) return -1;
    this.#byKey.set(key, this.all.length);
    return this.all.push({ ...endsOf(packet), first: packet.time, last: packet.time, frame: packet.frame, point: packet.point, seen: new Map(), masks: new Map(), translated: undefined, waiting: [], repeats: false }) - 1;
  }

  /** A packet of the flow was seen once more at the same point. */
  repeats(number: number): void {
    const flow = this.all[number];
    if (flow !== undefined) flow.repeats = true;
  }

  /** The packet was seen before, as one of `flow`, at the points `before` (a bit for each). */
  again(packet: Packet, number: number, before: number, delay: number): void {
    const flow = this.all[number];
    if (flow === undefined) return;
    if (before !== 0 && flow.translated === undefined && (flow.source !== packet.source || flow.destination !== packet.destination || flow.destinationPort !== packet.destinationPort || flow.sourcePort !== packet.sourcePort)) flow.translated = endsOf(packet);
    // Where its first packet was seen this one was not: the delay is one from somewhere else.
    if ((before & (1 << flow.point)) === 0) return;
    const seen = flow.seen.get(packet.point);
    if (seen === undefined) flow.seen.set(packet.point, { count: 1, delay, least: delay, most: delay });
    else {
      seen.count++;
      seen.delay += delay;
      seen.least = Math.min(seen.least, delay);
      seen.most = Math.max(seen.most, delay);
    }
  }

  /** Nothing more can come of a packet (`last`: because the capture is over). */
  passed(number: number, points: number, time: number, last: boolean): void {
    const flow = this.all[number];
    if (flow === undefined) return;
    flow.first = Math.min(flow.first, time);
    flow.last = Math.max(flow.last, time);
    if (last) flow.waiting.push([points, time]);
    else flow.masks.set(points, (flow.masks.get(points) ?? 0) + 1);
  }

  /** The points of a flow in the order in which its packets pass them. Clocks of different hosts may differ. */
  order(flow: PathFlow, skew: Skew): number[] {
    const at = new Map<number, number>([[flow.point, 0]]);
    for (const [point, { count, delay }] of flow.seen) at.set(point, delay / count - skew(flow.point, point));
    return [...at].toSorted((a, b) => a[1] - b[1]).map(([point]) => point);
  }

  /**
   * How much the clock of one point's file runs ahead of another's. What goes from the first file to the second is seen there later by
   * its delay, what comes back earlier; half-way between the least of both all flows between the two have the right sign, however long some wait.
   */
  skew(points: Points): Skew {
    const fileOf = (point: number): string => points.all[point]?.file ?? '';
    // Sequence numbers are unique; a datagram that is sent again is taken for itself, seconds later.
    const sure = this.all.some(({ protocol, seen }) => protocol === Protocol.tcp && seen.size > 0);
    const found = new Map<string, { least: number; most: number; /** Of the means of all flows, where none has an answer. */ low: number; high: number }>();
    for (const flow of this.all) for (const [point, seen] of flow.seen) {
      const [from, to] = [fileOf(flow.point), fileOf(point)];
      if ((sure && flow.protocol !== Protocol.tcp) || flow.repeats || from === to) continue;
      const key = `${from}\n${to}`;
      const one = found.get(key) ?? { least: Infinity, most: -Infinity, low: Infinity, high: -Infinity };
      found.set(key, one);
      const mean = seen.delay / seen.count;
      one.low = Math.min(one.low, mean);
      one.high = Math.max(one.high, mean);
      const other = this.all[this.#byKey.get(keyOf(reversed(flow))) ?? -1];
      const back = other === undefined || other.repeats || fileOf(other.point) !== from ? undefined : other.seen.get(point);
      if (back === undefined || mean <= back.delay / back.count) continue;
      one.least = Math.min(one.least, seen.least);
      one.most = Math.max(one.most, back.most);
    }
    const ahead = new Map([...found].map(([key, { least, most, low, high }]) => [key, least < Infinity ? (least + most) / 2 : (low + high) / 2]));
    return (from, to) => ahead.get(`${fileOf(from)}\n${fileOf(to)}`) ?? 0;
  }

  /** Tells what was lost where. */
  finish(points: Points, findings: Findings, words: Words): void {
    const skew = this.skew(points);
    const ways = this.#ways(skew);
    for (const flow of this.all) {
      const order = this.order(flow, skew);
      for (let at = 0; at + 1 < order.length; at++) this.#lost(flow, order, at, { points, skew }, findings, words);
      if (order.length === 1) this.#vanished(flow, ways, { points, skew }, findings, words);
    }
  }

  /** Where what is for an address goes on from a point: as other packets for it do, or from where packets of it come. */
  #ways(skew: Skew): Map<string, Way> {
    const [on, back] = [new Map<string, Way>(), new Map<string, Way>()];
    for (const flow of this.all) {
      const order = this.order(flow, skew);
      for (let at = 0; at + 1 < order.length; at++) {
        const [here, next] = [order[at] as number, order[at + 1] as number];
        on.set(wayKey(here, flow.family, flow.destination), { next, flow, back: false });
        back.set(wayKey(next, flow.family, flow.source), { next: here, flow, back: true });
      }
    }
    return new Map([...back, ...on]);
  }

  /** Packets that passed the point `order[at]` and none behind it, while others of the flow went on. */
  #lost(flow: PathFlow, order: readonly number[], at: number, { points, skew }: Captured, findings: Findings, words: Words): void {
    const [from, to] = [order[at] as number, order[at + 1] as number];
    const behind = order.slice(at + 1).reduce((bits, point) => bits | (1 << point), 0);
    const isLost = (mask: number): boolean => (mask & (1 << from)) !== 0 && (mask & behind) === 0;
    const isOneFile = points.all[from]?.file === points.all[to]?.file;
    if (flow.repeats && !isOneFile) return;
    const isWithin = within(points, skew, flow, from, to);
    let lost = [...flow.masks].reduce((sum, [mask, count]) => sum + (isLost(mask) ? count : 0), 0);
    let passed = [...flow.masks].reduce((sum, [mask, count]) => sum + ((mask & behind) === 0 ? 0 : count), 0);
    for (const [mask, time] of flow.waiting) {
      if (isLost(mask) && isWithin(time)) lost++;
      if ((mask & behind) !== 0) passed++;
    }
    if (lost < LEAST) return;
    findings.note('lost-between', flow.first, flow.frame, `${from} ${to} ${flow.source} ${flow.destination}`, () =>
      `${this.text(flow, words)}: ${lost} packets passed ${points.text(from)} and did not reach ${points.text(to)}; ${passed} did`, lost);
  }

  /** A flow of which nothing arrived at the point that is next on the way to its destination. */
  #vanished(flow: PathFlow, ways: ReadonlyMap<string, Way>, { points, skew }: Captured, findings: Findings, words: Words): void {
    const way = ways.get(wayKey(flow.point, flow.family, flow.destination));
    if (way === undefined) return;
    const isWithin = within(points, skew, flow, flow.point, way.next);
    // When those were that are no longer waiting is not known one by one.
    const closed = isWithin(flow.first) && isWithin(flow.last) ? [...flow.masks.values()].reduce((sum, one) => sum + one, 0) : 0;
    const count = flow.waiting.filter(([, time]) => isWithin(time)).length + closed;
    if (count < LEAST + 1) return;
    findings.note('lost-between', flow.first, flow.frame, `${flow.point} ${way.next} ${flow.source} ${flow.destination}`, () =>
      `${this.text(flow, words)}: none of ${count} packets that passed ${points.text(flow.point)} reached ${points.text(way.next)}, while packets of ${this.text(way.flow, words)} ${way.back ? 'come that way' : 'do'}`, count);
  }

  /** A flow in words, with the translation that was seen. */
  text(flow: PathFlow, words: Words): string {
    const one = (ends: Ends): string => {
      const name = ends.protocol === 6 ? 'TCP ' : ends.protocol === 17 ? 'UDP ' : 'ICMP ';
      return name + (name === 'ICMP ' ? `${words.address(ends.family, ends.source)} → ${words.address(ends.family, ends.destination)}` : `${words.end(ends.family, ends.source, ends.sourcePort)} → ${words.end(ends.family, ends.destination, ends.destinationPort)}`);
    };
    return flow.translated === undefined ? one(flow) : `${one(flow)} (elsewhere ${one(flow.translated)})`;
  }

  /** Flows that were seen at several points, those with most packets first. */
  paths(points: Points, words: Words, most: number): { flow: string; points: string[]; delay: string; packets: number }[] {
    const skew = this.skew(points);
    return this.all.filter(({ seen }) => seen.size > 0).map((flow) => {
      const order = this.order(flow, skew);
      const packets = flow.waiting.length + [...flow.masks.values()].reduce((sum, one) => sum + one, 0);
      const last = order.at(-1) as number;
      const seen = flow.seen.get(last);
      return { flow: this.text(flow, words), points: order.map((point) => points.text(point)), delay: seen === undefined ? '' : span(Math.abs(seen.delay / seen.count - skew(flow.point, last))), packets };
    }).toSorted((a, b) => b.packets - a.packets).slice(0, most);
  }
}

/** How much the clock of the point `to` runs ahead of that of `from`, in nanoseconds. */
type Skew = (from: number, to: number) => number;
interface Captured { points: Points; skew: Skew }

/** Tells for times of a flow's packets, as they were first seen, whether point `to` was captured then. Within one file both were all the time; another file may begin later and end earlier. */
function within(points: Points, skew: Skew, flow: PathFlow, from: number, to: number): (time: number) => boolean {
  if (points.all[from]?.file === points.all[to]?.file) return () => true;
  const { first, last } = points.period(to);
  const ahead = skew(flow.point, to);
  return (time) => time + ahead > first + EDGE && time + ahead < last - EDGE;
}

const wayKey = (point: number, family: number, address: number): string => `${point} ${family} ${address}`;

const reversed = ({ family, protocol, source, destination, sourcePort, destinationPort }: Ends): Ends => ({ family, protocol, source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort });

function endsOf(packet: Packet): Ends {
  return { family: packet.family === 6 ? 6 : 4, protocol: packet.protocol, source: packet.source, destination: packet.destination, sourcePort: packet.sourcePort, destinationPort: packet.destinationPort };
}

/** 53 bits of everything that names the flow. */
function keyOf(packet: Pick<Packet, keyof Ends>): number {
  const a = mix(mix(packet.source, packet.destination), mix((packet.sourcePort << 16) | packet.destinationPort, packet.protocol));
  const b = mix(mix(packet.destination, packet.sourcePort), mix(packet.source, packet.destinationPort ^ (packet.family << 20)));
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}

function mix(a: number, b: number): number {
  const mixed = Math.imul(a ^ Math.imul(b, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
