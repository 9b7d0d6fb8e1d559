/** The streams an agent is running: follows the configuration, ends those whose peer goes, drives the rest. */
import { StreamRunner } from './runner.ts';
import type { RunnerContext } from './runner.ts';
import { buildProber } from './build-prober.ts';
import type { StallLog, WallClock } from './clock.ts';
import type { MeshConfig, Self } from './config.ts';
import type { AgentLine, HeartbeatLine, StreamEndLine, StreamLine } from './lines.ts';
import { planStreams } from './plan.ts';
import type { StreamSpec } from './plan.ts';
import type { UdpClient } from './probe-udp.ts';
import type { Codec } from './wire.ts';

export interface StreamSetParts {
  self: Self;
  codec: Codec;
  udp: UdpClient;
  wall: WallClock;
  stalls: StallLog;
  write(line: AgentLine): void;
}

export class StreamSet {
  readonly #parts: StreamSetParts;
  readonly #runners = new Map<string, StreamRunner>();
  /** Streams that ended by draining: they do not start again under the same key. */
  readonly #drained = new Set<string>();
  /** Last success of a TCP probe, by peer process. */
  readonly #controlOkAt = new Map<string, number>();
  readonly #definitions = new Map<number, StreamLine>();
  #config: MeshConfig | undefined;
  #lastId = 0;
  #skipped = 0;

  constructor(parts: StreamSetParts) {
    this.#parts = parts;
  }

  /** Starts and ends streams until they are those of `config`. */
  apply(config: MeshConfig): void {
    this.#config = config;
    const wanted = new Map(planStreams(config, this.#parts.self).map((spec) => [spec.key, spec]));
    for (const [key, runner] of this.#runners) if (!wanted.has(key)) this.#end(key, runner, 'config');
    for (const key of this.#drained) if (!wanted.has(key)) this.#drained.delete(key);
    for (const [key, spec] of wanted) if (!this.#runners.has(key) && !this.#drained.has(key)) this.#start(spec);
  }

  /** Sends what is due, and settles what is overdue unless this tick itself was late. */
  tick(now: number, stalled: boolean): void {
    for (const runner of this.#runners.values()) this.#skipped += runner.tick(now);
    // After a stall, answers may lie unread in the sockets: the loop reads them before the next tick.
    if (!stalled) for (const runner of this.#runners.values()) runner.sweep(now);
    for (const [key, runner] of this.#runners) if (runner.ended) this.#forget(key, runner);
  }

  /** Stops all sending. */
  endAll(): void {
    for (const runner of this.#runners.values()) runner.end('term');
  }

  /** Settles everything now. */
  abandonAll(): void {
    for (const runner of this.#runners.values()) runner.abandon();
  }

  /** Whether nothing is outstanding. */
  get idle(): boolean {
    return [...this.#runners.values()].every((runner) => runner.ended);
  }

  /** Definitions of the live streams, for the head of a segment. */
  definitions(): StreamLine[] {
    return [...this.#definitions.values()];
  }

  /** Progress of the live streams, and sends made impossible since the last call. */
  progress(): Pick<HeartbeatLine, 'streams' | 'skipped'> {
    const skipped = this.#skipped;
    this.#skipped = 0;
    return { streams: [...this.#runners.values()].map((r) => [r.id, r.sent, r.settled]), skipped };
  }

  #start(spec: StreamSpec): void {
    const { self, codec, udp, wall, stalls, write } = this.#parts;
    const id = (this.#lastId += 1);
    const now = performance.now();
    const line: StreamLine = { k: 'd', s: id, class: spec.class, probe: spec.probe, to: spec.to, ms: spec.intervalMs, t: Math.round(wall.at(now)) };
    this.#definitions.set(id, line);
    write(line);
    const prober = buildProber(spec, {
      udp,
      context: { codec, name: self.name, draining: () => this.#drain(spec.peerId) },
      judge: {
        expected: () => this.#config?.canary[spec.to.slice(spec.to.indexOf('/') + 1)] ?? 'either',
        controlOkAt: () => this.#controlOkAt.get(spec.peerId ?? '') ?? Number.NEGATIVE_INFINITY,
      },
      broke: (why) => write({ k: 'x', s: id, t: Math.round(wall.at(performance.now())), why }),
    });
    const context: RunnerContext = {
      wall,
      stalls,
      write,
      succeeded: (done, at) => {
        if (done.probe === 'tcp' && done.peerId !== undefined) this.#controlOkAt.set(done.peerId, at);
      },
    };
    this.#runners.set(spec.key, new StreamRunner(id, spec, self.name, prober, context, now));
  }

  #drain(peerId: string | undefined): void {
    if (peerId === undefined) return;
    for (const [key, runner] of this.#runners) {
      if (runner.spec.peerId !== peerId) continue;
      this.#drained.add(key);
      this.#end(key, runner, 'draining');
    }
  }

  #end(key: string, runner: StreamRunner, why: StreamEndLine['why']): void {
    runner.end(why);
    if (runner.ended) this.#forget(key, runner);
  }

  #forget(key: string, runner: StreamRunner): void {
    this.#runners.delete(key);
    this.#definitions.delete(runner.id);
  }
}
