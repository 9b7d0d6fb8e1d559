/** Keeps account of one agent's lines: every seq that it sent becomes exactly one sample, collected or lost. */
import { SampleFlag } from '../agent/lines.ts';
import type { AgentLine, HeaderLine, HeartbeatLine, SampleLine, StreamLine } from '../agent/lines.ts';
import type { Sample } from '../types.ts';

/** What an agent may have sent after its last line: a heartbeat's interval and a flush. */
const UNSEEN_MS = 1_250;

interface StreamState {
  line: StreamLine;
  /** Every seq up to this one is accounted for. */
  floor: number;
  /** Accounted for beyond the floor. */
  ahead: Set<number>;
  /** Last seq known to have been sent. */
  sent: number;
  /** A seq and its time, to tell those of missing ones. */
  known: { seq: number; t: number };
}

export interface LedgerEvents {
  sample(sample: Sample): void;
  heartbeat?(line: HeartbeatLine): void;
  /** A long-lived connection broke. */
  broke?(from: string, to: string, t: number, why: string): void;
}

export class AgentLedger {
  readonly #events: LedgerEvents;
  readonly #shift: () => number;
  readonly #streams = new Map<number, StreamState>();
  #header: HeaderLine | undefined;
  #revision = 0;
  #exited = false;
  #torn = 0;
  /** Lines that were accounted for before: state is rebuilt, nothing is told. */
  #replaying = false;

  /** `shift`: milliseconds to add to the agent's times for the collector's clock. */
  constructor(events: LedgerEvents, shift: () => number = () => 0) {
    this.#events = events;
    this.#shift = shift;
  }

  /** Highest configuration that the agent's current process has taken. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether the last process seen wrote its end. */
  get exited(): boolean {
    return this.#exited;
  }

  /** Lines that could not be read. */
  get torn(): number {
    return this.#torn;
  }

  /** Whether a stream has no sample outstanding up to `seq`; true for streams that ended. */
  settled(stream: number, seq: number): boolean {
    const state = this.#streams.get(stream);
    return state === undefined || state.floor >= seq;
  }

  /** Takes the next line; undefined for one that could not be read. */
  take(line: AgentLine | undefined, replay: boolean): void {
    this.#replaying = replay;
    if (line === undefined) this.#torn += 1;
    else if (Array.isArray(line)) this.#sample(line);
    else this.#info(line);
  }

  /** The agent is gone: what it sent and nobody collected is lost. */
  finish(): void {
    this.#replaying = false;
    this.#finish();
  }

  #info(line: Exclude<AgentLine, SampleLine>): void {
    switch (line.k) {
      case 'h':
        return this.#begin(line);
      case 'd':
        if (!this.#streams.has(line.s)) this.#streams.set(line.s, { line, floor: 0, ahead: new Set(), sent: 0, known: { seq: 1, t: line.t } });
        return;
      case 'b':
        for (const [id, sent, settled] of line.streams) this.#progress(id, sent, settled);
        if (!this.#replaying) this.#events.heartbeat?.(line);
        return;
      case 'e':
        this.#progress(line.s, line.seq, line.seq);
        this.#streams.delete(line.s);
        return;
      case 'x': {
        const state = this.#streams.get(line.s);
        if (state && !this.#replaying) this.#events.broke?.(this.#header?.self ?? '', state.line.to, line.t + this.#shift(), line.why);
        return;
      }
      case 'g':
        this.#revision = line.revision;
        return;
      case 'z':
        this.#exited = true;
        return;
      case 'c':
      case 'n':
        return;
    }
  }

  /** A header opens each segment; that of another process ends the one before. */
  #begin(line: HeaderLine): void {
    if (this.#header?.instance === line.instance) return;
    if (this.#header !== undefined) this.#finish();
    this.#header = line;
    this.#revision = 0;
    this.#exited = false;
  }

  #sample(line: SampleLine): void {
    const [id, seq, t, rttMs, flags, extras] = line;
    const state = this.#streams.get(id);
    if (!state || seq <= state.floor || state.ahead.has(seq)) return;
    state.known = { seq, t };
    this.#account(state, seq);
    const { line: stream } = state;
    this.#emit({
      t: t + this.#shift(),
      class: stream.class,
      probe: stream.probe,
      from: this.#header?.self ?? '',
      to: stream.to,
      seq,
      ok: (flags & SampleFlag.ok) !== 0,
      rttMs,
      ...(flags & SampleFlag.late ? { late: true } : {}),
      ...(flags & SampleFlag.lagged ? { lagged: true } : {}),
      ...(extras?.e === undefined ? {} : { error: extras.e }),
      ...(extras?.v === undefined ? {} : { via: extras.v }),
      ...(extras?.s === undefined ? {} : { seen: extras.s }),
    });
  }

  #progress(id: number, sent: number, settled: number): void {
    const state = this.#streams.get(id);
    if (!state) return;
    state.sent = Math.max(state.sent, sent);
    this.#miss(state, settled);
  }

  /** Every seq up to `last` that has no line is lost. */
  #miss(state: StreamState, last: number): void {
    for (let seq = state.floor + 1; seq <= last; seq = state.floor + 1) {
      this.#account(state, seq);
      const { line, known } = state;
      const t = Math.round(known.t + (seq - known.seq) * line.ms) + this.#shift();
      this.#emit({ t, class: line.class, probe: line.probe, from: this.#header?.self ?? '', to: line.to, seq, ok: false, rttMs: null, error: 'never collected' });
    }
  }

  #account(state: StreamState, seq: number): void {
    state.ahead.add(seq);
    while (state.ahead.delete(state.floor + 1)) state.floor += 1;
    state.sent = Math.max(state.sent, seq);
  }

  #finish(): void {
    // A process that wrote its end has sent nothing since; another may have, by its schedule.
    for (const state of this.#streams.values()) {
      this.#miss(state, this.#exited ? state.sent : state.sent + Math.floor(UNSEEN_MS / state.line.ms));
    }
    this.#streams.clear();
    this.#header = undefined;
  }

  #emit(sample: Sample): void {
    if (!this.#replaying) this.#events.sample(sample);
  }
}
