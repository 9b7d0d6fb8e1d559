/** Short captures of one fault each, told frame by frame: a clock, and the ways in which frames are put into it. */
import { arp, ethernet, ip, isIpv6, tcp, udp, vxlan, type IpOptions, type TcpOptions } from './frames.ts';
import { pcapFile, pcapngFile, type Frame, type PcapngInterface } from './files.ts';
import { Tcp } from '../tcp/flags.ts';

export const [POD, WEB, HOST_MAC, POD_MAC, OTHER_MAC] = ['10.42.1.5', '10.42.2.6', 'ee:ee:ee:ee:ee:ee', '02:00:00:00:01:05', '02:00:00:00:02:06'];
const NOBODY = '00:00:00:00:00:00';
const ALL = 'ff:ff:ff:ff:ff:ff';

export interface On { interface?: number; macs?: readonly [from: string, to: string]; ip?: IpOptions; tunnel?: readonly [from: string, to: string, port?: number]; vni?: number }

export class Scene {
  readonly frames: Frame[] = [];
  #now = 1_700_000_000_000_000_000n;

  /** Lets time pass, in milliseconds. */
  wait(milliseconds: number): this {
    this.#now += BigInt(Math.round(milliseconds * 1e6));
    return this;
  }

  frame(bytes: Uint8Array, on: On = {}): this {
    const wrapped = on.tunnel === undefined ? bytes : tunnelled(bytes, on.tunnel, on.vni ?? 1);
    this.frames.push({ time: this.#now, bytes: wrapped, ...(on.interface === undefined ? {} : { interface: on.interface }) });
    this.#now += 1000n;
    return this;
  }

  packet(source: string, destination: string, protocol: number, payload: Uint8Array, on: On = {}): this {
    const [from, to] = on.macs ?? [POD_MAC, HOST_MAC];
    return this.frame(ethernet(from, to, isIpv6(source) ? 0x86dd : 0x0800, ip(source, destination, protocol, payload, on.ip)), on);
  }

  tcp(source: string, sport: number, destination: string, dport: number, what: TcpOptions, on: On = {}): this {
    return this.packet(source, destination, 6, tcp(source, destination, sport, dport, what), on);
  }

  udp(source: string, sport: number, destination: string, dport: number, payload: Uint8Array, on: On = {}): this {
    return this.packet(source, destination, 17, udp(source, destination, sport, dport, payload), on);
  }

  asks(mac: string, sender: string, target: string, on: On = {}): this {
    return this.frame(ethernet(mac, ALL, 0x0806, arp(1, mac, sender, NOBODY, target)), on);
  }

  answers(mac: string, sender: string, askerMac: string, asker: string, on: On = {}): this {
    return this.frame(ethernet(mac, askerMac, 0x0806, arp(2, mac, sender, askerMac, asker)), on);
  }

  announces(mac: string, address: string, on: On = {}): this {
    return this.frame(ethernet(mac, ALL, 0x0806, arp(2, mac, address, ALL, address)), on);
  }

  /** A handshake; sequence numbers are 101 and 501 afterwards. `options` are those of both SYNs. */
  opens(client: string, cport: number, server: string, sport: number, on: On = {}, options: Uint8Array = new Uint8Array(0)): this {
    return this.tcp(client, cport, server, sport, { seq: 100, flags: Tcp.syn, options }, on).wait(1)
      .tcp(server, sport, client, cport, { seq: 500, ack: 101, flags: Tcp.syn | Tcp.ack, options }, on).wait(1)
      .tcp(client, cport, server, sport, { seq: 101, ack: 501, flags: Tcp.ack }, on).wait(1);
  }

  /** A connection on which both ends talk in turns, the client first; each turn is one segment. */
  talks(client: string, cport: number, server: string, sport: number, turns: readonly Uint8Array[]): this {
    const next = [101, 501];
    this.opens(client, cport, server, sport);
    turns.forEach((payload, at) => {
      const [me, other] = at % 2 === 0 ? [0, 1] : [1, 0];
      const ends = me === 0 ? [client, cport, server, sport] as const : [server, sport, client, cport] as const;
      if (payload.length > 0) this.tcp(...ends, { seq: next[me] as number, ack: next[other] as number, flags: Tcp.ack | Tcp.push, payload }).wait(1);
      next[me] = (next[me] as number) + payload.length;
    });
    return this;
  }

  pcap(): Buffer {
    return pcapFile(this.frames, { nano: true });
  }

  pcapng(interfaces: readonly PcapngInterface[]): Buffer {
    return pcapngFile(this.frames, interfaces.map((one) => ({ resolution: 9, ...one })));
  }
}

function tunnelled(frame: Uint8Array, [from, to, port = 8472]: readonly [string, string, number?], vni: number): Buffer {
  return ethernet(POD_MAC, HOST_MAC, 0x0800, ip(from, to, 17, udp(from, to, 50_000, port, vxlan(vni, frame))));
}

/** As it goes over TCP: with its length before it. */
export const overTcp = (message: Uint8Array): Buffer => Buffer.from([message.length >> 8, message.length & 255, ...message]);

/** A DNS question, or an answer with the given result. */
export function dns(id: number, name: string, type: number, result?: number): Buffer {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  return Buffer.from([id >> 8, id & 255, result === undefined ? 1 : 0x81, result === undefined ? 0 : 0x80 | result, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, type, 0, 1]);
}
