/** Keeps account of one agent's lines: every seq that it sent becomes exactly one sample, collected or lost. */
import { SampleFlag } from '../agent/lines.ts';
import type { AgentLine, HeaderLine, HeartbeatLine, SampleLine } from '../agent/lines.ts';
import type { Sample } from '../types.ts';
import { StreamAccount } from './stream-account.ts';
import type { SavedStream } from './stream-account.ts';

/** What an agent may have sent after its last line: a heartbeat's interval and a flush. */
const UNSEEN_MS = 1_250;

/** The ledger as it is kept on disk. */
export interface SavedLedger {
  /** Endpoint name, and identity of the process whose lines were last. */
  self: string;
  instance: string;
  revision: number;
  exited: boolean;
  /** Time of the last line that has one, the agent's epoch milliseconds. */
  heardAt: number;
  streams: SavedStream[];
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
  readonly #streams = new Map<number, StreamAccount>();
  #process: Pick<HeaderLine, 'self' | 'instance'> | undefined;
  #revision = 0;
  #exited = false;
  #heardAt = 0;
  /** Lines of the current process may have been missed, its last ones among them. */
  #gap = false;

  /** `shift`: milliseconds to add to the agent's times for the collector's clock. `saved`: where an earlier collector left off. */
  constructor(events: LedgerEvents, shift: () => number = () => 0, saved?: SavedLedger) {
    this.#events = events;
    this.#shift = shift;
    if (saved === undefined) return;
    this.#process = { self: saved.self, instance: saved.instance };
    this.#revision = saved.revision;
    this.#exited = saved.exited;
    this.#heardAt = saved.heardAt;
    for (const stream of saved.streams) this.#streams.set(stream.s, new StreamAccount(stream));
  }

  /** Highest configuration that the agent's current process has taken. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether the last process seen wrote its end. */
  get exited(): boolean {
    return this.#exited;
  }

  /** What has to be kept to go on after a crash; undefined while nothing was heard. */
  save(): SavedLedger | undefined {
    if (this.#process === undefined) return undefined;
    return { ...this.#process, revision: this.#revision, exited: this.#exited, heardAt: this.#heardAt, streams: [...this.#streams.values()].map((stream) => stream.save()) };
  }

  /** Whether a stream has no sample outstanding up to `seq`; true for streams that ended. */
  settled(stream: number, seq: number): boolean {
    const account = this.#streams.get(stream);
    return account === undefined || account.floor >= seq;
  }

  /** Takes the next line; undefined for one that could not be read. */
  take(line: AgentLine | undefined): void {
    if (line === undefined) return;
    if (Array.isArray(line)) this.#sample(line);
    else this.#info(line);
  }

  /** The lines that follow may not be those right after the last one. */
  skipped(): void {
    this.#gap = true;
  }

  /**
   * The agent is gone, or given up: what it sent and nobody collected is lost. `until`: when it can have lived at
   * most, epoch milliseconds of the collector's clock; `complete`: all that it wrote was read, so that it ended
   * with its last line.
   */
  finish(until: number, complete: boolean): void {
    const end = until - this.#shift();
    this.#giveUp(complete ? Math.min(end, this.#heardAt + UNSEEN_MS) : end);
  }

  #info(line: Exclude<AgentLine, SampleLine>): void {
    if (line.k === 'h') return this.#begin(line);
    if (line.k === 'n') return;
    this.#heardAt = Math.max(this.#heardAt, line.t);
    switch (line.k) {
      case 'd':
        if (!this.#streams.has(line.s)) this.#streams.set(line.s, StreamAccount.open(line));
        return;
      case 'b':
        return this.#beat(line);
      case 'e': {
        const account = this.#streams.get(line.s);
        if (account) this.#lose(account, line.seq);
        this.#streams.delete(line.s);
        return;
      }
      case 'x': {
        const account = this.#streams.get(line.s);
        if (account) this.#events.broke?.(this.#self, account.line.to, line.t + this.#shift(), line.why);
        return;
      }
      case 'g':
        this.#revision = line.revision;
        return;
      case 'z':
        this.#exited = true;
        return;
      case 'c':
        for (const account of this.#streams.values()) account.step(line.step);
        this.#heardAt = line.t;
        return;
    }
  }

  get #self(): string {
    return this.#process?.self ?? '';
  }

  /** A header opens each segment; that of another process ends the one before, which had gone when this one started. */
  #begin(line: HeaderLine): void {
    if (this.#process?.instance !== line.instance) {
      if (this.#process !== undefined) this.#giveUp(this.#gap ? line.start : Math.min(line.start, this.#heardAt + UNSEEN_MS));
      this.#streams.clear();
      this.#process = { self: line.self, instance: line.instance };
      this.#revision = 0;
      this.#exited = false;
      this.#gap = false;
    }
    this.#heardAt = Math.max(this.#heardAt, line.start);
  }

  #beat(line: HeartbeatLine): void {
    const live = new Set<number>();
    for (const [id, sent, settled] of line.streams) {
      live.add(id);
      const account = this.#streams.get(id);
      account?.progress(sent, line.t);
      if (account) this.#lose(account, settled);
    }
    // Streams whose end was in lines that were missed: they ended before now.
    for (const [id, account] of this.#gap ? this.#streams : []) {
      if (live.has(id)) continue;
      this.#lose(account, account.sentBy(line.t));
      this.#streams.delete(id);
    }
    this.#gap = false;
    this.#events.heartbeat?.(line);
  }

  #sample(line: SampleLine): void {
    const [id, seq, t, rttMs, flags, extras] = line;
    this.#heardAt = Math.max(this.#heardAt, t);
    const account = this.#streams.get(id);
    if (!account?.take(seq, t)) return;
    const { line: stream } = account;
    this.#events.sample({
      t: t + this.#shift(),
      class: stream.class,
      probe: stream.probe,
      from: this.#self,
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

  /** Every seq up to `last` that has no line is lost. */
  #lose(account: StreamAccount, last: number): void {
    const { line } = account;
    for (const { seq, t } of account.miss(last)) {
      this.#events.sample({ t: t + this.#shift(), class: line.class, probe: line.probe, from: this.#self, to: line.to, seq, ok: false, rttMs: null, error: 'never collected' });
    }
  }

  /** A process that wrote its end has ended its streams before; another has sent by their schedules until `end`. */
  #giveUp(end: number): void {
    for (const account of this.#streams.values()) this.#lose(account, account.sentBy(this.#exited ? Number.NEGATIVE_INFINITY : end));
  }
}
