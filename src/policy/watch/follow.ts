/** Goes from one good state of the sources to the next, and tells what stands in the way. */
import { UsageError } from '../../core/errors.ts';
import { problemText, type Problem } from '../input/object.ts';
import type { Loaded } from '../input/objects.ts';
import { StateReader, type ReadState } from '../state.ts';
import { Sources, type Look } from './sources.ts';
import { Watcher } from './wait.ts';

export interface Read extends ReadState {
  loaded: Loaded;
}

/** A state that is followed: its inputs, and the enforcer that it is read for. */
export interface Followed {
  inputs: readonly string[];
  enforcer: string;
}

/** What happened to the sources: other good states, in the order in which they were named, or what makes those of now none. */
export type News = { reads: Read[]; changed: string[]; since: number } | { broken: string };

interface Options {
  /** Take states with errors, too, for who wants to hear of these. */
  flawed?: boolean;
}

interface State {
  sources: Sources;
  reader: StateReader;
}

/** Looks at several sources at once. */
interface Looks extends Look {
  each: readonly Look[];
}

/** Errors by what they say, wherever that stands now. */
const errorsOf = (reads: readonly Read[]): Map<string, Problem> => new Map(reads.flatMap(({ problems }) => problems).filter((one) => one.severity === 'error').map((one) => [problemText({ ...one, line: undefined }), one]));

async function lookAt(sources: readonly Sources[]): Promise<Looks> {
  const each: Look[] = [];
  for (const one of sources) each.push(await one.look());
  return { each, stamps: new Map(each.flatMap((one) => [...one.stamps])), directories: new Set(each.flatMap((one) => [...one.directories])), missing: each.flatMap((one) => one.missing) };
}

/** Follows files and directories (and takes snapshots, which do not change) until it is closed. */
export class Follower {
  readonly #states: readonly State[];
  readonly #watcher: Watcher<Looks>;
  readonly #flawed: boolean;
  /** Errors of the last good states, which nobody needs to hear of again. */
  #known: ReadonlySet<string> = new Set();

  private constructor(states: readonly State[], watcher: Watcher<Looks>, { flawed = false }: Options) {
    [this.#states, this.#watcher, this.#flawed] = [states, watcher, flawed];
  }

  /** Reads what there is and begins to watch. Errors: UsageError for inputs that are not there, EnvironmentError where they cannot be watched. */
  static async start(states: readonly Followed[], options: Options = {}): Promise<{ follower: Follower; first: Read[] }> {
    const made = states.map(({ inputs, enforcer }) => ({ sources: new Sources(inputs), reader: new StateReader(enforcer) }));
    const { watcher, first: look } = await Watcher.start(async () => await lookAt(made.map(({ sources }) => sources)));
    const follower = new Follower(made, watcher, options);
    try {
      const { reads } = await follower.#readAll(look);
      follower.#known = new Set(errorsOf(reads).keys());
      return { follower, first: reads };
    } catch (error) {
      watcher.close();
      throw error;
    }
  }

  /** What comes next, until the signal. What is broken is told once, and again when it is broken otherwise. */
  async *news(signal: AbortSignal): AsyncGenerator<News> {
    let told = '';
    for (let look = await this.#watcher.changed(signal); look !== undefined; look = await this.#watcher.changed(signal)) {
      const news = await this.#judged(look);
      if ('broken' in news) {
        if (news.broken !== told) yield news;
        told = news.broken;
      } else {
        told = '';
        if (news.changed.length > 0) yield news;
      }
    }
  }

  async #readAll({ each }: Looks): Promise<{ reads: Read[]; changed: string[] }> {
    const [reads, changed] = [[] as Read[], new Set<string>()];
    for (const [index, { sources, reader }] of this.#states.entries()) {
      const read = await sources.read(each[index]!);
      reads.push({ ...reader.read(read.loaded), loaded: read.loaded });
      for (const path of read.changed) changed.add(path);
    }
    return { reads, changed: [...changed] };
  }

  async #judged(look: Looks): Promise<News> {
    const since = performance.now();
    try {
      const { reads, changed } = await this.#readAll(look);
      const errors = errorsOf(reads);
      const fresh = this.#flawed ? [] : [...errors].filter(([text]) => !this.#known.has(text)).map(([, problem]) => problem);
      const [first] = fresh;
      if (first !== undefined) return { broken: `${problemText(first)}${fresh.length === 1 ? '' : ` (and ${fresh.length - 1} more)`}` };
      this.#known = new Set(errors.keys());
      return { reads, changed, since };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return { broken: error.message };
    }
  }

  close(): void {
    this.#watcher.close();
  }
}
