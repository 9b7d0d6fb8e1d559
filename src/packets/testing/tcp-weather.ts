/**
 * TCP in bad weather: connections that do at random all that the expert system has a word for. Not how a stack behaves, but every
 * branch of the definitions, and their combinations, many times: losses, repetitions, wrong order, keep-alives, closed windows,
 * probes, ports used again, sequence numbers that wrap, acknowledgements of what nobody sent.
 */
import { Tcp } from '../tcp/flags.ts';
import { ethernet, ip, isIpv6, tcp, udp, vxlan } from './frames.ts';
import type { Frame } from './files.ts';
import { Random } from './random.ts';

interface End { address: string; port: number; next: number; acked: number; window: number; sent: { seq: number; length: number }[] }
interface Connection { ends: [End, End]; open: boolean; tunnel: boolean }

const MACS = ['02:00:00:00:00:01', '02:00:00:00:00:02'] as const;
const NOTHING = new Uint8Array(0);
const SIZES = [1, 2, 10, 100, 500, 1000, 1400];
/** Pauses in microseconds: within a burst, a round trip, the limits of the definitions, timeouts. */
const PAUSES = [0, 1, 3, 40, 200, 1000, 2999, 3000, 3001, 10_000, 19_999, 20_000, 20_001, 200_000, 1_000_000];

export interface Weather { seed: number; frames: number; connections?: number; /** Share of connections of IPv6, and inside VXLAN, in percent. */ ipv6?: number; vxlan?: number }

export function tcpWeather({ seed, frames: count, connections = 12, ipv6 = 20, vxlan: tunnelled = 20 }: Weather): Frame[] {
  const random = new Random(seed);
  const open = Array.from({ length: connections }, (_, at) => connection(random, at, ipv6, tunnelled));
  const frames: Frame[] = [];
  let time = 1_700_000_000_000_000n;
  while (frames.length < count) {
    time += BigInt(random.pick(PAUSES));
    const one = random.pick(open);
    const from = random.below(2) as 0 | 1;
    step(random, one, from, (me, other, flags, seq, length, ack, window) => {
      const segment = tcp(me.address, other.address, me.port, other.port, { seq, flags, ack, window, payload: length === 0 ? NOTHING : new Uint8Array(length) });
      frames.push({ time: time * 1000n, bytes: wrap(one.tunnel, me.address, other.address, segment) });
      time += BigInt(random.pick(PAUSES.slice(0, 5)));
    });
  }
  return frames.slice(0, count);
}

function connection(random: Random, at: number, ipv6: number, tunnelled: number): Connection {
  const six = random.chance(ipv6);
  const end = (side: number, port: number): End => ({
    address: six ? `fd00:10::${(at + 1).toString(16)}:${side}` : `10.42.${side}.${at + 1}`,
    port,
    // Many start near the end of the numbers, some at 0, which the definitions take for "not known".
    next: random.chance(40) ? 0xffff_ffff - random.below(4000) : random.chance(5) ? 0 : random.next(),
    acked: 0, window: 500 + random.below(60_000), sent: [],
  });
  const [a, b] = [end(1, 30_000 + at), end(2, random.pick([80, 443, 9004]))];
  a.acked = b.next;
  b.acked = a.next;
  return { ends: random.chance(50) ? [a, b] : [b, a], open: false, tunnel: random.chance(tunnelled) };
}

type Send = (me: End, other: End, flags: number, seq: number, length: number, ack: number, window: number) => void;

function step(random: Random, one: Connection, from: 0 | 1, send: Send): void {
  const [me, other] = [one.ends[from], one.ends[1 - from] as End];
  const data = (seq: number, length: number, flags = 0): void => send(me, other, Tcp.ack | flags, seq, length, me.acked, me.window);
  const fresh = (length: number): void => {
    me.sent.push({ seq: me.next, length });
    if (me.sent.length > 40) me.sent.shift();
    me.next = (me.next + length) >>> 0;
  };
  const pure = (window = me.window): void => send(me, other, Tcp.ack, me.next, 0, me.acked, window);
  if (!one.open || random.chance(2)) return handshake(random, one, me, other, send);
  switch (random.below(20)) {
    case 0: case 1: case 2: case 3: {
      const length = random.pick(SIZES);
      data(me.next, length);
      return fresh(length);
    }
    case 4: case 5: case 6:
      me.acked = other.next;
      return pure();
    case 7:
      // Several duplicate ACKs, and sometimes at once what they ask for.
      for (let left = random.below(4); left >= 0; left--) pure();
      if (other.sent.length > 0 && random.chance(70)) {
        const { seq, length } = other.sent.find((sent) => sent.seq === me.acked) ?? random.pick(other.sent);
        send(other, me, Tcp.ack, seq, length, other.acked, other.window);
      }
      return;
    case 8: case 9: {
      if (me.sent.length === 0) return;
      const again = random.pick(me.sent.slice(-6));
      return data(again.seq, random.chance(80) ? again.length : random.pick(SIZES));
    }
    case 10: {
      // One is lost, what follows comes, and sometimes the lost one after all.
      const length = random.pick(SIZES);
      const missed = { seq: me.next, length };
      fresh(length);
      data(me.next, length);
      fresh(length);
      if (random.chance(60)) data(missed.seq, missed.length);
      return;
    }
    case 11:
      return data((me.next - 1) >>> 0, random.below(3));
    case 12:
      me.window = 0;
      pure();
      if (random.chance(70)) me.window = 1 + random.below(65_000);
      return;
    case 13:
      send(other, me, Tcp.ack, other.next, 0, other.acked, random.chance(50) ? 0 : other.window);
      data(me.next, 1);
      if (random.chance(60)) send(other, me, Tcp.ack, other.next, 0, other.acked, other.window);
      return random.chance(50) ? fresh(1) : undefined;
    case 14:
      me.window = 1 + random.below(65_000);
      return pure();
    case 15:
      // An acknowledgement of what nobody captured.
      me.acked = (other.next + random.below(3000)) >>> 0;
      return pure();
    case 16:
      // An older acknowledgement comes late.
      me.acked = random.pick(other.sent)?.seq ?? me.acked;
      return pure();
    case 17:
      data(me.next, random.chance(50) ? 0 : 20, Tcp.fin);
      return random.chance(70) ? fresh(1) : undefined;
    case 18:
      if (random.chance(30)) one.open = false;
      return random.chance(30) ? send(me, other, random.chance(50) ? Tcp.rst : Tcp.rst | Tcp.ack, me.next, 0, me.acked, 0) : undefined;
    default:
      return data(me.next, 0, random.chance(50) ? Tcp.push : 0);
  }
}

function handshake(random: Random, one: Connection, me: End, other: End, send: Send): void {
  if (random.chance(30)) me.next = random.next();
  const first = me.next;
  for (let left = random.chance(20) ? 3 : 1; left > 0; left--) send(me, other, Tcp.syn, first, random.chance(3) ? 10 : 0, 0, 64_240);
  me.next = (first + 1) >>> 0;
  me.sent = [];
  if (random.chance(10)) return;
  if (random.chance(10)) return send(other, me, Tcp.rst | Tcp.ack, 0, 0, me.next, 0);
  if (random.chance(30)) other.next = random.next();
  other.acked = me.next;
  send(other, me, Tcp.syn | Tcp.ack, other.next, 0, other.acked, 65_160);
  if (random.chance(10)) send(other, me, Tcp.syn | Tcp.ack, other.next, 0, other.acked, 65_160);
  other.next = (other.next + 1) >>> 0;
  other.sent = [];
  me.acked = other.next;
  if (random.chance(90)) send(me, other, Tcp.ack, me.next, 0, me.acked, me.window);
  one.open = true;
}

function wrap(tunnel: boolean, source: string, destination: string, segment: Buffer): Buffer {
  const type = isIpv6(source) ? 0x86dd : 0x0800;
  const frame = ethernet(MACS[0], MACS[1], type, ip(source, destination, 6, segment));
  if (!tunnel) return frame;
  const [a, b] = source < destination ? ['192.0.2.1', '192.0.2.2'] : ['192.0.2.2', '192.0.2.1'];
  return ethernet(MACS[0], MACS[1], 0x0800, ip(a, b, 17, udp(a, b, 40_000, 4789, vxlan(1, frame))));
}
