/** The mesh's grip on one agent: pushes configuration to it, reads what it wrote, knows how far it is. */
import type { NodeShell } from '../../node/shell.ts';
import { agentName } from '../agent/config.ts';
import type { AgentKind } from '../agent/config.ts';
import type { HeartbeatLine } from '../agent/lines.ts';
import type { Sample } from '../types.ts';
import { AgentLedger } from './ledger.ts';
import type { SavedLedger } from './ledger.ts';
import { CONFIG_FILE, SAMPLES_FILE, SAMPLES_VOLUME } from './manifests.ts';
import type { MeshOptions } from './mesh-options.ts';
import { Tail } from './tail.ts';
import type { Position } from './tail.ts';

/** What an agent cost and how it was doing. */
export interface AgentUsage {
  name: string;
  /** Mean share of one core, 0 to 1. */
  cpu: number;
  maxRssBytes: number;
  /** Longest stall of its event loop, milliseconds. */
  maxLagMs: number;
  /** Probes that stalls kept from being sent. */
  skipped: number;
}

export interface AgentPlace {
  /** Pod uid, or `outside`. */
  key: string;
  /** Endpoint name. */
  name: string;
  kind: AgentKind;
  shell: NodeShell;
  /** Its samples directory, as the shell sees it. */
  dir: string;
}

/** Where the agent of a pod is; `uid` of the pod. */
export function agentPlace(uid: string, kind: 'pod' | 'host', node: string, { shell, kubeletDir = '/var/lib/kubelet' }: Pick<MeshOptions, 'shell' | 'kubeletDir'>): AgentPlace {
  return { key: uid, name: agentName(kind, node), kind, shell: shell(node), dir: `${kubeletDir}/pods/${uid}/volumes/kubernetes.io~empty-dir/${SAMPLES_VOLUME}` };
}

/** How far an agent is collected, as it is kept on disk. */
export interface SavedAgent extends Position {
  name: string;
  ledger?: SavedLedger;
}

export interface AgentHandleEvents {
  sample(sample: Sample): void;
  broke(from: string, to: string, t: number, why: string): void;
}

/** An agent beats every second; one that has been silent for so long is dead or cut off. */
const SILENT_MS = 5_000;

interface Barrier {
  t: number;
  /** Per stream the last seq that had been sent by then; undefined until the agent has lived past `t`. */
  targets: [stream: number, seq: number][] | undefined;
  resolve: () => void;
}

export class AgentHandle {
  readonly place: AgentPlace;
  /** Its pod is not listed any more, or is being deleted: no configuration is pushed. */
  leaving = false;
  readonly #tail: Tail;
  readonly #ledger: AgentLedger;
  readonly #shift: () => number;
  readonly #adoptedAt = Date.now();
  #barriers: Barrier[] = [];
  #pushed = 0;
  #beats = { count: 0, cpu: 0, rss: 0, lag: 0, skipped: 0 };
  #liveStreams = Number.POSITIVE_INFINITY;
  /** Time of its last heartbeat, epoch milliseconds of our clock. */
  #heardAt: number;
  /** When its files were last read to their end. */
  #readAt = Number.NEGATIVE_INFINITY;

  /** `saved`: where an earlier collector left off. */
  constructor(place: AgentPlace, events: AgentHandleEvents, shift: () => number, saved: SavedAgent | undefined) {
    this.place = place;
    this.#shift = shift;
    this.#heardAt = saved?.ledger === undefined ? this.#adoptedAt : saved.ledger.heardAt + shift();
    this.#ledger = new AgentLedger({ sample: (sample) => events.sample(sample), broke: (from, to, t, why) => events.broke(from, to, t, why), heartbeat: (line) => this.#beat(line) }, shift, saved?.ledger);
    this.#tail = new Tail(place.shell, `${place.dir}/${SAMPLES_FILE}`, { line: (line) => this.#ledger.take(line), skipped: () => this.#ledger.skipped() }, saved);
  }

  /** How far it is collected. */
  save(): SavedAgent {
    const ledger = this.#ledger.save();
    return { ...this.#tail.position, name: this.place.name, ...(ledger === undefined ? {} : { ledger }) };
  }

  /** Whether its process wrote its end. */
  get exited(): boolean {
    return this.#ledger.exited;
  }

  /** The configuration that its process has taken. */
  get revision(): number {
    return this.#ledger.revision;
  }

  /** Whether nothing more is to come after configuration `revision` told it to stop: no stream is left, or it said its end, or has not said anything for long. */
  quiet(revision: number): boolean {
    if (this.#ledger.exited || Date.now() - this.#heardAt > SILENT_MS) return true;
    return this.#ledger.revision >= revision && this.#liveStreams === 0;
  }

  get usage(): AgentUsage {
    const { count, cpu, rss, lag, skipped } = this.#beats;
    return { name: this.place.name, cpu: count === 0 ? 0 : cpu / count / 1_000, maxRssBytes: rss, maxLagMs: lag, skipped };
  }

  /** Writes the configuration next to its samples unless this revision is there already. A pod whose directory is gone is not brought back. */
  async push(revision: number, document: string): Promise<void> {
    if (this.#pushed >= revision || this.leaving) return;
    const { shell, dir } = this.place;
    // dd makes no directories: writing into a pod that is just gone must not leave an orphan for the kubelet. Readers take no torn JSON.
    const result = await shell.run(['dd', `of=${dir}/${CONFIG_FILE}`, 'status=none'], { stdin: document });
    if (result.code === 0) this.#pushed = revision;
  }

  /** Reads what is new. Resolves whether there was anything to read from: a pod's files go with it. */
  async poll(): Promise<boolean> {
    const there = await this.#tail.poll();
    if (there) this.#readAt = Date.now();
    this.#checkBarriers();
    return there;
  }

  /** Its files are gone, or the mesh ends: what was not collected is lost. `until`: when it can have lived at most, epoch milliseconds. */
  finish(until: number): void {
    // Silent for long when its files were last read to their end: it was dead by then.
    this.#ledger.finish(until, this.#readAt - this.#heardAt > SILENT_MS);
    for (const barrier of this.#barriers) barrier.resolve();
    this.#barriers = [];
  }

  /** Resolves when every sample that it sent before `t` (epoch milliseconds, our clock) is collected, or it is gone. */
  settled(t: number): Promise<void> {
    return new Promise((resolve) => this.#barriers.push({ t, targets: undefined, resolve }));
  }

  #beat(line: HeartbeatLine): void {
    this.#cost(line);
    this.#liveStreams = line.streams.length;
    this.#heardAt = line.t + this.#shift();
    for (const barrier of this.#barriers) {
      if (barrier.targets === undefined && line.t + this.#shift() >= barrier.t) barrier.targets = line.streams.map(([id, sent]) => [id, sent]);
    }
  }

  /** What it cost before this mesh was up is not this mesh's. */
  #cost(line: HeartbeatLine): void {
    if (line.t + this.#shift() < this.#adoptedAt) return;
    const beats = this.#beats;
    beats.count += 1;
    beats.cpu += line.cpu;
    beats.rss = Math.max(beats.rss, line.rss);
    beats.lag = Math.max(beats.lag, line.lag);
    beats.skipped += line.skipped;
  }

  #checkBarriers(): void {
    this.#barriers = this.#barriers.filter((barrier) => {
      const met = this.#ledger.exited || barrier.targets?.every(([id, seq]) => this.#ledger.settled(id, seq)) === true;
      if (met) barrier.resolve();
      return !met;
    });
  }
}
