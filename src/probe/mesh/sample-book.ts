/** Every sample that counts, judged by the announcements: written down, in the figures, and the last minutes of them at hand. */
import { Aggregator } from '../stats/aggregate.ts';
import type { Aggregate, Tally } from '../stats/aggregate.ts';
import { announcementFor } from '../stats/announced.ts';
import type { AnnouncedWindow, Sample } from '../types.ts';
import type { SavedAgent } from './agent-handle.ts';
import { RecentSamples } from './recent.ts';
import { SampleSink, readSamples } from './sink.ts';

export class SampleBook {
  readonly #sink: SampleSink;
  readonly #recent = new RecentSamples();
  readonly #windows = new Map<string, AnnouncedWindow>();
  readonly #total = new Aggregator();
  #since: number;

  /** Goes on with what an earlier book wrote to `dir`; see `load`. */
  constructor(dir: string) {
    this.#sink = new SampleSink(dir);
    this.#since = this.#sink.resumed.since ?? Number.POSITIVE_INFINITY;
  }

  /** Reads what is written already into the figures. */
  async load(): Promise<void> {
    for await (const sample of readSamples(this.#sink.path)) this.#total.add(sample);
  }

  /** File with every sample that counts. */
  get path(): string {
    return this.#sink.path;
  }

  /** How far each agent was collected by an earlier book. */
  get resumed(): Readonly<Record<string, SavedAgent>> {
    return this.#sink.resumed.agents;
  }

  /** Whether samples count yet. */
  get open(): boolean {
    return Number.isFinite(this.#since);
  }

  /** What is sent from now on counts. */
  begin(): void {
    this.#since = Math.min(this.#since, Date.now());
  }

  /** Figures of all that counts. */
  get aggregate(): Aggregate {
    return this.#total.result();
  }

  /** Sent and lost so far, by class; cheap. */
  get tally(): Tally {
    return this.#total.tally;
  }

  /** The last minutes, also those that do not count. */
  get recent(): Pick<RecentSamples, 'between' | 'since'> {
    return this.#recent;
  }

  /** Makes an announcement known, or known to be closed. */
  announce(window: AnnouncedWindow): void {
    this.#windows.set(`${window.id} ${window.openedAt}`, { ...window });
  }

  add(sample: Sample): void {
    this.#recent.add(sample);
    if (sample.t < this.#since) return;
    if (!sample.ok) {
      const window = announcementFor(sample, [...this.#windows.values()]);
      if (window) sample.announcedBy = window.id;
    }
    this.#sink.add(sample);
    this.#total.add(sample);
  }

  /** Writes down what was added, and how far the agents are collected. */
  flush(agents: Record<string, SavedAgent>): void {
    this.#sink.flush({ since: this.open ? this.#since : null, agents });
    this.#recent.prune();
  }

  close(): void {
    this.#sink.close();
  }
}
