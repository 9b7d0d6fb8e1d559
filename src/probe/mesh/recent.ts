/** The last minutes of samples, for gates that look back to when a step began. */
import type { Sample } from '../types.ts';
import { Aggregator } from '../stats/aggregate.ts';
import type { Aggregate } from '../stats/aggregate.ts';

/** Longer than a step with its gate takes; about 70 MB with five nodes. */
const KEEP_MS = 10 * 60_000;

export class RecentSamples {
  #samples: Sample[] = [];
  #newest = 0;

  add(sample: Sample): void {
    this.#samples.push(sample);
    if (sample.t > this.#newest) this.#newest = sample.t;
  }

  /** Drops what is too old. */
  prune(): void {
    const oldest = this.#newest - KEEP_MS;
    const first = this.#samples.findIndex((sample) => sample.t >= oldest);
    // Copying is worth it only now and then.
    if (first > this.#samples.length / 4) this.#samples = this.#samples.slice(first);
  }

  /** The samples sent since a time, epoch milliseconds. */
  *since(from: number): Generator<Sample> {
    for (const sample of this.#samples) if (sample.t >= from) yield sample;
  }

  /** Figures of the samples sent in [from, until), epoch milliseconds. */
  between(from: number, until: number): Aggregate {
    const aggregator = new Aggregator();
    for (const sample of this.#samples) if (sample.t >= from && sample.t < until) aggregator.add(sample);
    return aggregator.result();
  }
}
