/** DNS: questions without answers, pairs of which one is lost, names that do not exist, servers that fail. */
import { dnsName, dnsResult, dnsType, readDns } from '../decode/dns.ts';
import type { Packet } from '../decode/packet.ts';
import type { Findings } from './findings.ts';
import { span, type Words } from './words.ts';

interface Question { family: number; client: number; port: number; server: number; serverPort: number; id: number; name: string; type: number; first: number; frame: number; tries: number; twinAnswered: boolean; answered: boolean }

/** Questions under way, and how many give way at a time when there are more. */
const [CAPACITY, ROOM] = [65_536, 4096];
/** Between two looks for questions that waited too long. */
const EVERY = 0.5e9;
/** glibc and musl give up a try after 5 s (resolv.conf(5), `timeout`): what comes later is not an answer. */
const PATIENCE = 5e9;
/** At the end of the capture a question that is younger than this may still be answered. */
const YOUNG = 2e9;
/** A and AAAA of one lookup leave within this. */
const TWINS = 5e6;
/** A storm: so many answers, and this share of them that a name does not exist. */
const [STORM, SHARE] = [50, 0.5];
/** An outside name with one of the cluster's search domains behind it: `api.example.com.shop.svc.cluster.local`. */
const SEARCHED = /^((?:[^.]+\.)+[^.]+)\.(?:[^.]+\.svc\.|svc\.)(?:[^.]+\.)+[^.]+$|^((?:[^.]+\.)+[a-z]{2,})\.cluster\.local$/;

export class DnsTraffic {
  #answers = 0;
  readonly #questions = new Map<number, Question>();
  readonly #byPort = new Map<number, Question>();
  readonly #findings: Findings;
  readonly #words: Words;
  #due = -Infinity;
  #missing = { count: 0, first: 0, frame: 0, example: '' };

  constructor(findings: Findings, words: Words) {
    this.#findings = findings;
    this.#words = words;
  }

  /** A message in [at, end) of a UDP packet of port 53, or 5353 where it is not multicast; or of a TCP connection (`stream`). */
  message(packet: Packet, bytes: Uint8Array, at: number, end: number, stream: boolean): void {
    const message = readDns(bytes, at, end);
    if (message === undefined) return;
    this.#expire(packet.time);
    const { family, time } = packet;
    if (!message.response) {
      const key = keyOf(packet.source, packet.sourcePort, packet.destination, message.id, message.type, family);
      const known = this.#questions.get(key);
      if (known !== undefined) {
        known.tries++;
        return;
      }
      const question: Question = { family, client: packet.source, port: packet.sourcePort, server: packet.destination, serverPort: packet.destinationPort, id: message.id, name: dnsName(bytes, message.nameAt, message.nameEnd), type: message.type, first: time, frame: packet.frame, tries: 1, twinAnswered: false, answered: false };
      this.#questions.set(key, question);
      return;
    }
    const key = keyOf(packet.destination, packet.destinationPort, packet.source, message.id, message.type, family);
    const question = this.#questions.get(key);
    this.#answers++;
    if (question !== undefined) {
      question.answered = true;
      this.#questions.delete(key);
      this.#byPort.set(pairKey(question), question);
    }
    if (message.truncated && !stream) {
      const { nameAt, nameEnd, type } = message;
      this.#findings.note('dns-truncated', time, packet.frame, packet.destination, () => `${this.#words.address(family, packet.source)} answers ${dnsName(bytes, nameAt, nameEnd)} (${dnsType(type)}) for ${this.#words.address(family, packet.destination)} in part: the rest did not fit`);
    }
    if (message.result !== 0) this.#result(packet, message.result, dnsName(bytes, message.nameAt, message.nameEnd), message.type);
  }

  #result(packet: Packet, result: number, name: string, type: number): void {
    if (result === 3) {
      const missing = this.#missing;
      if (missing.count++ === 0) [missing.first, missing.frame, missing.example] = [packet.time, packet.frame, `${name} (${dnsType(type)}), asked by ${this.#words.address(packet.family, packet.destination)}`];
      const outside = SEARCHED.exec(name);
      const asked = outside?.[1] ?? outside?.[2];
      if (asked !== undefined) this.#findings.note('dns-search-list', packet.time, packet.frame, asked, () => `${this.#words.address(packet.family, packet.destination)} looks for ${asked} as ${name}: no such name`);
      return;
    }
    if (result === 2 || result === 5) {
      this.#findings.note('dns-failure', packet.time, packet.frame, `${packet.source} ${result}`, () => `${this.#words.address(packet.family, packet.source)} answers ${name} (${dnsType(type)}) with ${dnsResult(result)}`);
    }
  }

  /** Judges questions that waited too long: they are in order of age. Not with every message: a Map passes over all that was deleted at its front. */
  #expire(now: number): void {
    const full = this.#questions.size >= CAPACITY || this.#byPort.size >= CAPACITY;
    if (now < this.#due && !full) return;
    this.#due = now + EVERY;
    for (const [key, question] of this.#questions) {
      if (now - question.first < PATIENCE * 2 && this.#questions.size <= CAPACITY - ROOM) break;
      this.#questions.delete(key);
      this.#timeout(question);
    }
    for (const [key, question] of this.#byPort) {
      if (now - question.first < PATIENCE * 3 && this.#byPort.size <= CAPACITY - ROOM) break;
      this.#byPort.delete(key);
    }
  }

  #timeout(question: Question): void {
    const twin = this.#byPort.get(pairKey(question));
    const paired = twin !== undefined && twin.answered && twin.name === question.name && twin.type !== question.type && Math.abs(twin.first - question.first) < TWINS;
    const about = `${this.#words.end(question.family, question.client, question.port)} asked ${this.#words.end(question.family, question.server, question.serverPort)} for ${question.name} (${dnsType(question.type)})`;
    this.#findings.note(paired ? 'dns-pair-lost' : 'dns-timeout', question.first, question.frame, `${question.client} ${question.server}`, () =>
      paired ? `${about} and, ${span(Math.abs(twin.first - question.first))} apart from the same port, for ${dnsType(twin.type)}: only the latter was answered` : `${about}${question.tries > 1 ? ` ${question.tries} times` : ''}: no answer`);
  }

  /** The capture is over at `now`. */
  finish(now: number): void {
    for (const question of this.#questions.values()) if (now - question.first >= YOUNG) this.#timeout(question);
    const { count, first, frame, example } = this.#missing;
    if (this.#answers >= STORM && count / this.#answers >= SHARE) {
      this.#findings.note('dns-nxdomain-storm', first, frame, '', () => `${count} of ${this.#answers} answers: no such name; the first was ${example}`, count);
    }
  }
}

/** 53 bits of everything that names a question. */
function keyOf(client: number, port: number, server: number, id: number, type: number, family: number): number {
  const a = mix(mix(client, server), mix((port << 16) | id, type));
  const b = mix(mix(server, port), mix(client, id ^ (type << 16) ^ (family << 28)));
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}

/** Two questions for one name from one port have this in common. */
const pairKey = ({ client, port, server, family }: Question): number => keyOf(client, port, server, 0, 0, family);

function mix(a: number, b: number): number {
  const mixed = Math.imul(a ^ Math.imul(b, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
