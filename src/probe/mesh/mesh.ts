/** The probe mesh as verbs use it: agents everywhere, told of each other, their samples collected out of band and judged. */
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import type { NodeShell } from '../../node/shell.ts';
import { DEFAULT_RATES } from '../agent/classes.ts';
import type { MeshConfig, Peer } from '../agent/config.ts';
import { Aggregator } from '../stats/aggregate.ts';
import type { Aggregate, Tally } from '../stats/aggregate.ts';
import { announcementFor } from '../stats/announced.ts';
import type { AnnouncedWindow, CanaryExpectation, Sample } from '../types.ts';
import { AgentHandle } from './agent-handle.ts';
import type { AgentPlace, AgentUsage } from './agent-handle.ts';
import { applyMesh, bootstrapConfig, listAgentPods, meshKey, waitForAgents } from './bring-up.ts';
import { MESH_NAMESPACE, MESH_NODE_PORT, MESH_PORTS, SAMPLES_VOLUME } from './manifests.ts';
import { correction, estimateClock } from './node-clock.ts';
import type { ClockEstimate } from './node-clock.ts';
import { startOutside } from './outside.ts';
import { RecentSamples } from './recent.ts';
import { nextPeers } from './roster.ts';
import type { AgentPod } from './roster.ts';
import type { Break, MeshOptions } from './mesh-options.ts';
import { SampleSink, readSamples } from './sink.ts';
import { takeDown } from './take-down.ts';
import { discoverTargets } from './targets.ts';
import { warmUp, watchCanaries } from './warm-up.ts';

const LOOK_MS = 500;
const COLLECT_MS = 1_000;

export class Mesh {
  readonly breaks: Break[] = [];
  /** Agents whose pods went while nobody was collecting: their last samples are in no figure. */
  readonly unaccounted: string[] = [];
  /** Clocks of nodes against ours. */
  readonly clocks = new Map<string, ClockEstimate>();
  readonly #options: MeshOptions;
  readonly #namespace: string;
  readonly #sink: SampleSink;
  readonly #recent = new RecentSamples();
  readonly #windows = new Map<string, AnnouncedWindow>();
  readonly #total = new Aggregator();
  readonly #agents = new Map<string, AgentHandle>();
  readonly #gone: AgentUsage[] = [];
  readonly #stopped = new AbortController();
  /** Identity of the process outside, which each run starts anew: streams to the one before ended when it said good-bye. */
  #outsideId = 'outside';
  #loops: Promise<void>[] = [];
  #config: MeshConfig;
  #document = '';
  /** What was sent before this (epoch milliseconds) is warming up and in no figure. */
  #since = Number.POSITIVE_INFINITY;

  /** Brings the mesh up (or takes over one that runs) and starts to measure. Errors: EnvironmentError when agents do not get ready. */
  static async up(options: MeshOptions): Promise<Mesh> {
    const mesh = new Mesh(options);
    try {
      await mesh.#begin();
    } catch (error) {
      mesh.abandon();
      throw error;
    }
    return mesh;
  }

  private constructor(options: MeshOptions) {
    this.#options = options;
    this.#namespace = options.namespace ?? MESH_NAMESPACE;
    this.#sink = new SampleSink(options.dir);
    for (const window of options.windows ?? []) this.announce(window);
    const base = bootstrapConfig(this.#namespace);
    this.#config = { ...base, canary: options.canary === 'as-found' ? {} : { ...options.canary }, rates: { ...DEFAULT_RATES, ...options.rates } };
  }

  /** File with every sample collected. */
  get samplesPath(): string {
    return this.#sink.path;
  }

  /** Figures of everything measured so far. */
  get aggregate(): Aggregate {
    return this.#total.result();
  }

  /** Sent and lost so far, by class; cheap. */
  get tally(): Tally {
    return this.#total.tally;
  }

  /** Cost and health of the agents, those that are gone included. */
  get usage(): AgentUsage[] {
    return [...this.#gone, ...[...this.#agents.values()].map((agent) => agent.usage)];
  }

  /** Makes an announcement known, or known to be closed. To be called before the step acts. */
  announce(window: AnnouncedWindow): void {
    this.#windows.set(`${window.id} ${window.openedAt}`, { ...window });
  }

  /** Figures of what was sent in [from, until), epoch milliseconds, as far as collected; reaches ten minutes back. */
  between(from: number, until: number): Aggregate {
    return this.#recent.between(from, until);
  }

  /** Resolves when everything sent before `t` is collected; with the names of the agents for which that was not to be had in time. */
  async settled(t = Date.now(), timeoutMs = 20_000): Promise<string[]> {
    const pending = new Set<AgentHandle>(this.#agents.values());
    const all = [...pending].map((agent) => agent.settled(t).then(() => pending.delete(agent)));
    await Promise.race([Promise.all(all), sleep(timeoutMs, undefined, { ref: false })]);
    return [...pending].map((agent) => agent.place.name);
  }

  /** Changes what the canaries on a node are expected to find; resolves when every agent judges by it. */
  async expectCanary(node: string, expectation: CanaryExpectation): Promise<void> {
    this.#change({ canary: { ...this.#config.canary, [node]: expectation } });
    await this.configured();
  }

  /** What the canaries on a node are expected to find now; undefined for a node nobody spoke of. */
  canaryOf(node: string): CanaryExpectation | undefined {
    return this.#config.canary[node];
  }

  /** Waits until every agent that is not leaving works by the current configuration. Errors: EnvironmentError at the deadline. */
  async configured(timeoutMs = 20_000): Promise<void> {
    const { revision } = this.#config;
    await this.#pushAll();
    const behind = (): string[] => [...this.#agents.values()].filter((agent) => !agent.leaving && agent.revision < revision).map((agent) => agent.place.name);
    await waitUntil(async () => (behind().length === 0 ? true : undefined), { timeoutMs, what: 'the probe agents to take their configuration' }).catch((cause: unknown) => {
      throw new EnvironmentError(`probe agents did not take their configuration within ${timeoutMs / 1_000} s: ${behind().join(', ')}`, { cause, hint: 'See what they say: logs of their pods, or pid.log in the directory of the one outside.' });
    });
  }

  /** Waits until the pod agent of a node takes part (again). Errors: EnvironmentError at the deadline. */
  async waitForNode(node: string, timeoutMs = 60_000): Promise<void> {
    await waitUntil(async () => (this.#config.peers.some((peer) => peer.node === node) ? true : undefined), { timeoutMs, what: `the probe agent on node ${node} to be ready` });
    await this.configured();
  }

  /** Stops probing, collects what is outstanding, closes the file; agents stay. What could not be collected counts as lost. Returns the final figures. */
  async stop(): Promise<Aggregate> {
    this.#change({ probing: false });
    await this.#pushAll();
    await waitUntil(async () => ([...this.#agents.values()].every((agent) => agent.leaving || agent.quiet(this.#config.revision)) ? true : undefined), {
      timeoutMs: 15_000,
      what: 'the probe agents to settle',
    }).catch(() => undefined);
    this.#stopped.abort();
    await Promise.all(this.#loops);
    await this.#collect();
    for (const agent of this.#agents.values()) agent.finish();
    this.#flush();
    this.#sink.close();
    return this.aggregate;
  }

  /** Stops collecting and nothing else, as a crash would: agents go on, and the same directory takes up where this left off. */
  abandon(): void {
    this.#stopped.abort();
  }

  /** Removes agents and objects; to be called after `stop`. */
  async down(): Promise<void> {
    await takeDown(this.#options);
  }

  async #begin(): Promise<void> {
    const { kube, outside, image, nodePort } = this.#options;
    const bootstrap = bootstrapConfig(this.#namespace);
    const key = await meshKey(kube, this.#namespace);
    await applyMesh(kube, { namespace: this.#namespace, bootstrap, key, ...(image === undefined ? {} : { image }), ...(nodePort === undefined ? {} : { nodePort }) });
    for await (const sample of readSamples(this.#sink.path)) this.#total.add(sample);
    const pods = await waitForAgents(kube, this.#namespace, this.#options);
    const targets = await discoverTargets(kube, {
      namespace: this.#namespace,
      nodePort: nodePort ?? MESH_NODE_PORT,
      tcpPort: MESH_PORTS.tcp,
      http: this.#options.http ?? [],
      clusterDomain: this.#options.clusterDomain ?? 'cluster.local',
    });
    await this.#estimateClocks(pods);
    if (outside) {
      await startOutside(outside, key, JSON.stringify(bootstrap));
      this.#outsideId = `outside:${Date.now()}`;
      this.#adopt({ key: 'outside', name: 'outside', kind: 'outside', shell: outside.shell, dir: outside.dir }, 'outside');
    }
    this.#meet(pods);
    for (const [place, { name }] of Object.entries(this.#sink.resumed)) if (!this.#agents.has(place)) this.unaccounted.push(name);
    this.#change({ targets, peers: this.#peersOf(pods) });
    // A run that is taken up again has been measuring all the time.
    const resumes = Object.keys(this.#sink.resumed).length > 0;
    if (resumes) this.#since = 0;
    this.#loops = [this.#loop(LOOK_MS, () => this.#look()), this.#loop(this.#options.collectMs ?? COLLECT_MS, () => this.#collectAndFlush())];
    await this.configured();
    if (!resumes) await warmUp(this, { roundMs: this.#options.collectMs ?? COLLECT_MS, ...(this.#options.signal ? { signal: this.#options.signal } : {}) });
    if (this.#options.canary === 'as-found') await this.#expectAsFound();
    this.#since = Math.min(this.#since, Date.now());
  }

  async #estimateClocks(pods: readonly AgentPod[]): Promise<void> {
    const shells = [...new Set(pods.map((pod) => pod.node))].map((node): [string, NodeShell] => [node, this.#options.shell(node)]);
    if (this.#options.outside) shells.push(['outside', this.#options.outside.shell]);
    await Promise.all(shells.map(async ([name, shell]) => this.clocks.set(name, await estimateClock(shell))));
  }

  #peersOf(pods: readonly AgentPod[]): Peer[] {
    const { outside } = this.#options;
    const peers = nextPeers(this.#config.peers, pods);
    return outside ? [...peers, { name: 'outside', kind: 'outside', address: outside.address, id: this.#outsideId }] : peers;
  }

  /** Looks who is there, and tells everybody when that has changed. */
  async #look(): Promise<void> {
    const pods = await listAgentPods(this.#options.kube, this.#namespace);
    this.#meet(pods);
    if (this.#config.probing) this.#change({ peers: this.#peersOf(pods) });
    await this.#pushAll();
  }

  /** Takes new agents on, and notes who is leaving. */
  #meet(pods: readonly AgentPod[]): void {
    const listed = new Map(pods.map((pod) => [pod.uid, pod]));
    for (const [key, agent] of this.#agents) if (key !== 'outside') agent.leaving = listed.get(key)?.leaving ?? true;
    for (const pod of pods) {
      // A pod that waits for its network has nothing to say yet; it is taken on when it is ready.
      if (this.#agents.has(pod.uid) || pod.leaving || !pod.ready) continue;
      const dir = `${this.#options.kubeletDir ?? '/var/lib/kubelet'}/pods/${pod.uid}/volumes/kubernetes.io~empty-dir/${SAMPLES_VOLUME}`;
      this.#adopt({ key: pod.uid, name: `${pod.kind}/${pod.node}`, kind: pod.kind, shell: this.#options.shell(pod.node), dir }, pod.node);
    }
  }

  #adopt(place: AgentPlace, clock: string): void {
    const events = {
      sample: (sample: Sample) => this.#take(sample),
      broke: (from: string, to: string, t: number, why: string) => this.breaks.push({ t, from, to, why }),
    };
    this.#agents.set(place.key, new AgentHandle(place, events, () => correction(this.clocks.get(clock)), this.#sink.resumed[place.key]));
  }

  async #expectAsFound(): Promise<void> {
    const nodes = this.#config.peers.flatMap(({ kind, node }) => (kind === 'pod' && node !== undefined ? [node] : []));
    this.#change({ canary: await watchCanaries(this, (since) => this.#recent.since(since), nodes, this.#options.signal) });
    await this.configured();
  }

  #take(sample: Sample): void {
    this.#recent.add(sample);
    if (sample.t < this.#since) return;
    if (!sample.ok) {
      const window = announcementFor(sample, [...this.#windows.values()]);
      if (window) sample.announcedBy = window.id;
    }
    this.#sink.add(sample);
    this.#total.add(sample);
  }

  #change(change: Partial<MeshConfig>): void {
    const next = { ...this.#config, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.#config)) return;
    // Times are higher than any revision of an earlier run.
    this.#config = { ...next, revision: Math.max(this.#config.revision + 1, Date.now()) };
    this.#document = JSON.stringify(this.#config);
  }

  async #pushAll(): Promise<void> {
    const { revision } = this.#config;
    const document = this.#document;
    await Promise.all([...this.#agents.values()].map((agent) => agent.push(revision, document).catch(() => undefined)));
  }

  async #collect(): Promise<void> {
    await Promise.all(
      [...this.#agents].map(async ([key, agent]) => {
        // A node that cannot be reached now is asked again; only files that are gone end an agent.
        const there = await agent.poll().catch(() => true);
        if (there || !agent.leaving) return;
        agent.finish();
        this.#gone.push(agent.usage);
        this.#agents.delete(key);
      }),
    );
  }

  async #collectAndFlush(): Promise<void> {
    await this.#collect();
    this.#flush();
    this.#recent.prune();
  }

  #flush(): void {
    this.#sink.flush(Object.fromEntries([...this.#agents].map(([key, agent]) => [key, { ...agent.position, name: agent.place.name }])));
  }

  async #loop(everyMs: number, round: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const start = performance.now();
      // An API server or a node that is away for a while is what a mesh lives with: samples wait on the nodes.
      await round().catch(() => undefined);
      await sleep(Math.max(0, everyMs - (performance.now() - start)), undefined, { signal }).catch(() => undefined);
    }
  }
}
