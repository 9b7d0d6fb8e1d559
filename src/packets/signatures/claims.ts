/** Who claims which address on a segment: moves, machines that take turns, and two that answer at once. */
import type { Packet } from '../decode/packet.ts';
import type { Findings } from './findings.ts';
import { span } from './words.ts';

interface Claim { mac: string; at: number; before: string | undefined; beforeAt: number; turns: number }

/** Addresses that are remembered. */
const CAPACITY = 50_000;
/** Two answers this close are to one question. */
const AT_ONCE = 1e9;
/** Turns that follow each other within this are a quarrel, not failovers. */
const QUARREL = 60e9;

export class Claims {
  readonly #claims = new Map<string, Claim>();
  readonly #findings: Findings;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** `mac` says that `address` is its own, by an announcement that nobody asked for or otherwise; `answer` when it was asked. */
  claim(packet: Packet, family: 4 | 6, address: string, mac: string, announcement: boolean, answer: boolean): void {
    // Calico's gateway is the same address with the same MAC on every interface.
    const key = `${packet.point} ${packet.vlan} ${packet.vni} ${address}`;
    const claim = this.#claims.get(key);
    if (claim === undefined) {
      if (this.#claims.size >= CAPACITY) for (const oldest of this.#claims.keys()) {
        this.#claims.delete(oldest);
        break;
      }
      this.#claims.set(key, { mac, at: packet.time, before: undefined, beforeAt: -Infinity, turns: 0 });
      return;
    }
    if (claim.mac === mac) {
      claim.at = packet.time;
      return;
    }
    const back = claim.before === mac && packet.time - claim.beforeAt < QUARREL;
    claim.turns = back ? claim.turns + 1 : 0;
    const since = packet.time - claim.at;
    const [other, { turns }] = [claim.mac, claim];
    claim.before = claim.mac;
    claim.beforeAt = claim.at;
    claim.mac = mac;
    claim.at = packet.time;
    const id = announcement ? (turns >= 2 ? 'arp-war' : 'announcement-moved') : (answer && since < AT_ONCE) || turns >= 2 ? 'duplicate-address' : undefined;
    if (id === undefined) return;
    this.#findings.note(id, packet.time, packet.frame, address, () => {
      if (id === 'announcement-moved') return `${address} is announced by ${mac}, ${span(since)} after ${other}`;
      return `${address} is claimed by ${mac} ${span(since)} after ${other}${turns > 0 ? `, ${turns + 1} turns so far` : ''}${family === 6 ? ' (neighbour advertisement)' : ''}`;
    });
  }
}
