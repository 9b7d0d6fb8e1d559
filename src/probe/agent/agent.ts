/** One agent: answers its peers, probes them, writes down every sample, and leaves in good order. */
import { randomBytes } from 'node:crypto';
import { TICK_MS } from './classes.ts';
import { StallLog, WallClock } from './clock.ts';
import { followConfig, readConfig } from './config-file.ts';
import type { MeshConfig, Self } from './config.ts';
import type { HeaderLine } from './lines.ts';
import { UdpClient } from './probe-udp.ts';
import { DEFAULT_LIMITS, Recorder } from './recorder.ts';
import { serveControl } from './serve-control.ts';
import { serveTcp } from './serve-tcp.ts';
import type { TcpServer } from './serve-tcp.ts';
import { serveUdp } from './serve-udp.ts';
import type { Server } from './serve-udp.ts';
import { StreamSet } from './stream-set.ts';
import { Codec, FLAG_DRAINING } from './wire.ts';

export interface AgentOptions {
  self: Self;
  /** Files that may hold the configuration; the highest revision counts. */
  configFiles: readonly string[];
  key: Uint8Array;
  samplesFile: string;
  /** How long it goes on answering after it was asked to end. */
  drainMs: number;
}

const FLUSH_MS = 250;
const HEARTBEAT_MS = 1_000;
const REANCHOR_EVERY_MS = 60_000;

export class Agent {
  readonly #options: AgentOptions;
  readonly #wall = new WallClock();
  readonly #stalls = new StallLog(performance.now());
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #servers: Server[] = [];
  readonly #tcp: TcpServer[] = [];
  readonly #recorder: Recorder;
  readonly #streams: StreamSet;
  readonly #udp: UdpClient;
  readonly #codec: Codec;
  readonly #config: MeshConfig;
  #draining = false;
  #cpu = process.cpuUsage();

  /** Starts an agent. Rejects when there is no valid configuration or a port cannot be bound. */
  static async start(options: AgentOptions): Promise<Agent> {
    const agent = new Agent(options, await readConfig(options.configFiles));
    await agent.#listen();
    agent.#run();
    return agent;
  }

  private constructor(options: AgentOptions, config: MeshConfig) {
    this.#options = options;
    this.#config = config;
    this.#codec = new Codec(config.mesh, options.key);
    this.#udp = new UdpClient(this.#codec, options.self.name);
    const header = this.#header(config);
    this.#recorder = new Recorder(options.samplesFile, () => [header, ...this.#definitions()]);
    const write = this.#recorder.write.bind(this.#recorder);
    this.#streams = new StreamSet({ self: options.self, codec: this.#codec, udp: this.#udp, wall: this.#wall, stalls: this.#stalls, write });
  }

  /** Stops probing, answers on until peers have noticed, writes the end, closes. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    const until = performance.now() + this.#options.drainMs;
    this.#streams.endAll();
    for (const server of this.#tcp) server.drain();
    // What is outstanding gets its deadlines, but leaves the collector a second before the files go.
    while (!this.#streams.idle && performance.now() < until - 1_000) await pause(TICK_MS * 5);
    this.#streams.abandonAll();
    for (const timer of this.#timers) clearInterval(timer);
    this.#recorder.write({ k: 'z', t: this.#now() });
    this.#recorder.flush();
    await pause(until - performance.now());
    for (const server of this.#servers) server.close();
    this.#udp.close();
    this.#recorder.close();
  }

  async #listen(): Promise<void> {
    const { self } = this.#options;
    const { ports } = this.#config;
    const answerer = { codec: this.#codec, name: self.name, flags: () => (this.#draining ? FLAG_DRAINING : 0), stalls: this.#stalls };
    // A host's own ports are left alone: nothing is probed there.
    if (self.kind === 'host') return;
    this.#servers.push(await serveUdp(answerer, self.address, ports.udp));
    if (self.kind === 'outside') return;
    const tcp = await serveTcp(answerer, self.address, ports.tcp, 'all');
    this.#tcp.push(tcp);
    this.#servers.push(tcp, await serveTcp(answerer, self.address, ports.canary, 'hello'));
    this.#servers.push(await serveControl(() => !this.#draining, self.address, ports.control));
  }

  #run(): void {
    this.#take(this.#config);
    const follower = followConfig(this.#options.configFiles, this.#config.revision, (config) => this.#take(config));
    this.#servers.push(follower);
    this.#timers.push(
      setInterval(() => {
        const now = performance.now();
        this.#streams.tick(now, this.#stalls.tick(now));
      }, TICK_MS),
      setInterval(() => this.#recorder.flush(), FLUSH_MS),
      setInterval(() => this.#heartbeat(), HEARTBEAT_MS),
      setInterval(() => this.#reanchor(), REANCHOR_EVERY_MS),
    );
  }

  #take(config: MeshConfig): void {
    if (this.#draining) return;
    this.#streams.apply(config);
    this.#recorder.write({ k: 'g', t: this.#now(), revision: config.revision });
  }

  #heartbeat(): void {
    const used = process.cpuUsage(this.#cpu);
    this.#cpu = process.cpuUsage();
    this.#recorder.write({
      k: 'b',
      t: this.#now(),
      ...this.#streams.progress(),
      lag: Math.round(this.#stalls.takeWorst()),
      cpu: Math.round((used.user + used.system) / 1_000),
      rss: process.memoryUsage.rss(),
    });
  }

  #reanchor(): void {
    const step = this.#wall.reanchor();
    if (step !== undefined) this.#recorder.write({ k: 'c', t: this.#now(), step });
  }

  #now(): number {
    return Math.round(this.#wall.at(performance.now()));
  }

  #definitions(): ReturnType<StreamSet['definitions']> {
    return this.#streams === undefined ? [] : this.#streams.definitions();
  }

  #header(config: MeshConfig): HeaderLine {
    const { self } = this.#options;
    return {
      k: 'h',
      v: 1,
      mesh: config.mesh,
      self: self.name,
      ...(self.node === undefined ? {} : { node: self.node }),
      instance: randomBytes(6).toString('hex'),
      pid: process.pid,
      start: this.#now(),
      clock: 'wall time from a monotonic base, compared with the system clock every minute',
      keeps: { segments: DEFAULT_LIMITS.segments, bytes: DEFAULT_LIMITS.bytes },
    };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
