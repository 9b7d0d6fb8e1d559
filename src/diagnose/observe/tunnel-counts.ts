/** What counters of two nodes say of packets that were sent from one to the other. Pure. */
import { parseSnmp } from '../../node/facts/kernel.ts';

/** Counters of one host: packets of devices, and datagrams by what became of them (RFC 4113; linux: Documentation/networking/snmp_counter). */
export interface Counts { rx: ReadonlyMap<string, number>; tx: ReadonlyMap<string, number>; taken: number; noPort: number; badChecksum: number }

/** What became of packets in one direction. */
export type Passage = 'arrives' | 'lost' | 'dropped' | 'no-port' | 'not-taken' | 'bad-checksum' | 'unsent';
/** How it went in one direction; `undefined` where it cannot be told. `why`: what was counted, or why it is not told. */
export interface Direction { value: Passage | 'open' | 'blocked' | undefined; why: string }

/** Reads /proc/net/dev and /proc/net/snmp, one after the other. Undefined where the counters of UDP are missing. */
export function parseCounts(text: string): Counts | undefined {
  const [rx, tx] = [new Map<string, number>(), new Map<string, number>()];
  for (const line of text.split('\n')) {
    // NAME: bytes packets errs drop fifo frame compressed multicast, and the same of what was sent (proc_pid_net(5)).
    const [, name = '', rest = ''] = /^\s*([^\s:|]+):\s+(\d[\d\s]*)$/.exec(line) ?? [];
    const numbers = rest.trim().split(/\s+/).map(Number);
    if (name === 'Udp' || numbers.length < 16) continue;
    rx.set(name, numbers[1] ?? 0);
    tx.set(name, numbers[9] ?? 0);
  }
  const [taken, noPort, badChecksum] = ['InDatagrams', 'NoPorts', 'InCsumErrors'].map((name) => parseSnmp(text, 'Udp', name));
  return taken === undefined || noPort === undefined ? undefined : { rx, tx, taken, noPort, badChecksum: badChecksum ?? 0 };
}

/** Three readings: nothing was sent between the first two, and the packets between the last two. */
export type Readings = readonly [Counts, Counts, Counts];
/** Whether a counter rose with what was sent: `noise` where others count too much to tell. */
export type Rise = 'rose' | 'still' | 'noise';

/** Of what was sent, as much must have been counted; as little may have been where nothing arrived. The rest is between the two, and says nothing. */
const [MOST, LITTLE] = [0.75, 0.25];

/** Judges a counter. `sent`: packets. */
export function rise(readings: Readings, counter: (counts: Counts) => number | undefined, sent: number): { rise: Rise; by: number } {
  const [a, b, c] = readings.map((one) => counter(one) ?? 0) as [number, number, number];
  const [idle, by] = [b - a, c - b];
  if (idle > sent * LITTLE) return { rise: 'noise', by };
  return { rise: by - idle >= sent * MOST ? 'rose' : by <= sent * LITTLE ? 'still' : 'noise', by };
}

interface Sent { sender: Readings; receiver: Readings; /** Packets. */ sent: number; device: string; card: string | undefined; cardThere: string | undefined }

/** What became of packets that were put into a tunnel. A counter that is too busy to tell leaves open what it would decide. */
export function passage({ sender, receiver, sent, device, card, cardThere }: Sent): Direction {
  const into = rise(sender, ({ tx }) => tx.get(device), sent);
  const out = rise(receiver, ({ rx }) => rx.get(device), sent);
  const [taken, noPort, wrong] = [rise(receiver, (one) => one.taken, sent), rise(receiver, (one) => one.noPort, sent), rise(receiver, (one) => one.badChecksum, sent)];
  const left = card === undefined ? undefined : rise(sender, ({ tx }) => tx.get(card), sent);
  const came = cardThere === undefined ? undefined : rise(receiver, ({ rx }) => rx.get(cardThere), sent);
  const why = [`${sent} sent`, `${device} there sent ${into.by}`, ...(left === undefined ? [] : [`its card ${left.by}`]), `on the other node ${cardThere ?? 'the card'} received ${came?.by ?? '?'}`, `UDP took ${taken.by}`, `no port ${noPort.by}`, `wrong checksum ${wrong.by}`, `${device} received ${out.by}`].join(', ');
  const tell = (value: Passage | undefined): Direction => ({ value, why: value === undefined ? `the nodes have too much other traffic: ${why}` : why });
  if (out.rise === 'rose') return tell('arrives');
  if (out.rise === 'noise') return tell(undefined);
  if (into.rise === 'still' || left?.rise === 'still') return tell('unsent');
  if (noPort.rise === 'rose') return tell('no-port');
  if (wrong.rise === 'rose') return tell('bad-checksum');
  if (into.rise === 'noise' || noPort.rise === 'noise' || wrong.rise === 'noise') return tell(undefined);
  if (taken.rise !== 'still') return tell(taken.rise === 'rose' ? 'not-taken' : undefined);
  return tell(came?.rise === 'rose' ? 'dropped' : 'lost');
}

/** Whether datagrams reach a port: as many to another one, where nobody listens, are the measure. */
export function door(port: Readings, other: Readings, sent: number): Direction {
  const [taken, noPort] = [rise(port, (one) => one.taken, sent), rise(other, (one) => one.noPort, sent)];
  // Where nobody listens on the port, they arrive all the same.
  const refused = rise(port, (one) => one.noPort, sent);
  const why = `${sent} sent to each: UDP took ${taken.by}, no port ${refused.by}; to the other port: no port ${noPort.by}`;
  const wrong = rise(port, (one) => one.badChecksum, sent);
  if ([taken, refused, wrong].some((one) => one.rise === 'rose')) return { value: 'open', why };
  if (taken.rise === 'noise' || refused.rise === 'noise' || noPort.rise === 'noise') return { value: undefined, why: `the nodes have too much other traffic: ${why}` };
  return { value: noPort.rise === 'rose' ? 'blocked' : 'lost', why };
}
