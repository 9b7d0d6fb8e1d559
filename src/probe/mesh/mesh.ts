/** The probe mesh as verbs use it: agents everywhere, told of each other, their samples collected out of band and judged. */
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../cluster/wait.ts';
import { EnvironmentError } from '../../core/errors.ts';
import type { NodeShell } from '../../node/shell.ts';
import { DEFAULT_RATES } from '../agent/classes.ts';
import type { MeshConfig, Peer } from '../agent/config.ts';
import type { Aggregate, Tally } from '../stats/aggregate.ts';
import { endpointNode } from '../endpoint.ts';
import type { AnnouncedWindow, CanaryExpectation, Sample } from '../types.ts';
import { AgentHandle, agentPlace } from './agent-handle.ts';
import type { AgentPlace, AgentUsage, SavedAgent } from './agent-handle.ts';
import { applyMesh, bootstrapConfig, listAgentPods, meshKey, waitForAgents } from './bring-up.ts';
import { livedUntil } from './lived-until.ts';
import { MESH_NAMESPACE, MESH_NODE_PORT, MESH_PORTS } from './manifests.ts';
import { correction, estimateClock } from './node-clock.ts';
import type { ClockEstimate } from './node-clock.ts';
import type { Break, MeshOptions } from './mesh-options.ts';
import { startOutside } from './outside.ts';
import { nextPeers } from './roster.ts';
import type { AgentPod } from './roster.ts';
import { SampleBook } from './sample-book.ts';
import { takeDown } from './take-down.ts';
import { discoverTargets } from './targets.ts';
import { warmUp, watchCanaries } from './warm-up.ts';

const LOOK_MS = 500;
const COLLECT_MS = 1_000;

export class Mesh {
  readonly breaks: Break[] = [];
  /** Clocks of nodes against ours. */
  readonly clocks = new Map<string, ClockEstimate>();
  readonly #options: MeshOptions;
  readonly #namespace: string;
  readonly #book: SampleBook;
  readonly #agents = new Map<string, AgentHandle>();
  readonly #gone: AgentUsage[] = [];
  /** Agents of an earlier collector that are still to be taken on. */
  readonly #resumed: Map<string, SavedAgent>;
  #pods: readonly AgentPod[] = [];
  readonly #stopped = new AbortController();
  /** Identity of the process outside: streams to an earlier one ended when it said good-bye. */
  #outsideId = 'outside';
  #loops: Promise<void>[] = [];
  #config: MeshConfig;
  #document = '';

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
    this.#book = new SampleBook(options.dir);
    this.#resumed = new Map(Object.entries(this.#book.resumed));
    for (const window of options.windows ?? []) this.announce(window);
    const base = bootstrapConfig(this.#namespace);
    this.#config = { ...base, canary: options.canary === 'as-found' ? {} : { ...options.canary }, rates: { ...DEFAULT_RATES, ...options.rates } };
  }

  /** File with every sample collected. */
  get samplesPath(): string {
    return this.#book.path;
  }

  /** Figures of everything measured so far. */
  get aggregate(): Aggregate {
    return this.#book.aggregate;
  }

  /** Sent and lost so far, by class; cheap. */
  get tally(): Tally {
    return this.#book.tally;
  }

  /** Cost and health of the agents, those that are gone included. */
  get usage(): AgentUsage[] {
    return [...this.#gone, ...[...this.#agents.values()].map((agent) => agent.usage)];
  }

  /** Makes an announcement known, or known to be closed. To be called before the step acts. */
  announce(window: AnnouncedWindow): void {
    this.#book.announce(window);
  }

  /** Figures of what was sent in [from, until), epoch milliseconds, as far as collected; reaches ten minutes back. */
  between(from: number, until: number): Aggregate {
    return this.#book.recent.between(from, until);
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
    for (const agent of this.#agents.values()) agent.finish(Date.now());
    this.#flush();
    this.#book.close();
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
    const nodes = (await kube.list({ apiVersion: 'v1', kind: 'Node' })).length;
    await applyMesh(kube, { namespace: this.#namespace, bootstrap, key, nodes, ...(image === undefined ? {} : { image }), ...(nodePort === undefined ? {} : { nodePort }) });
    await this.#book.load();
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
      this.#outsideId = await startOutside(outside, key, JSON.stringify(bootstrap), nodes, this.#book.open);
      this.#adopt({ key: 'outside', name: 'outside', kind: 'outside', shell: outside.shell, dir: outside.dir }, 'outside');
    }
    this.#meet(pods);
    this.#meetGone();
    this.#change({ targets, peers: this.#peersOf(pods) });
    const collectMs = this.#options.collectMs ?? COLLECT_MS;
    this.#loops = [this.#loop(LOOK_MS, () => this.#look()), this.#loop(collectMs, () => this.#collectAndFlush())];
    await this.configured();
    // A run that is taken up again has been measuring all the time.
    if (!this.#book.open) await warmUp(this, { roundMs: collectMs, ...(this.#options.signal ? { signal: this.#options.signal } : {}) });
    if (this.#options.canary === 'as-found') await this.#expectAsFound();
    this.#book.begin();
    // On disk before anybody relies on it: were this process killed now, what is sent from here on counts all the same.
    this.#flush();
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
    this.#pods = pods;
    for (const pod of pods) {
      // A pod that waits for its network has nothing to say yet; it is taken on when it is ready.
      if (this.#agents.has(pod.uid) || (!this.#resumed.has(pod.uid) && (pod.leaving || !pod.ready))) continue;
      this.#adopt(agentPlace(pod.uid, pod.kind, pod.node, this.#options), pod.node);
    }
    const listed = new Map(pods.map((pod) => [pod.uid, pod]));
    for (const [key, agent] of this.#agents) if (key !== 'outside') agent.leaving = listed.get(key)?.leaving ?? true;
  }

  /** Agents that went while nobody was collecting: their files may be there still, and what they sent counts. */
  #meetGone(): void {
    for (const [key, { name }] of this.#resumed) {
      const node = endpointNode(name);
      if (node === undefined) continue;
      this.#adopt(agentPlace(key, name.startsWith('host/') ? 'host' : 'pod', node, this.#options), node).leaving = true;
    }
  }

  #adopt(place: AgentPlace, clock: string): AgentHandle {
    const events = {
      sample: (sample: Sample) => this.#book.add(sample),
      broke: (from: string, to: string, t: number, why: string) => this.breaks.push({ t, from, to, why }),
    };
    const agent = new AgentHandle(place, events, () => correction(this.clocks.get(clock)), this.#resumed.get(place.key));
    this.#resumed.delete(place.key);
    this.#agents.set(place.key, agent);
    return agent;
  }

  async #expectAsFound(): Promise<void> {
    const nodes = this.#config.peers.flatMap(({ kind, node }) => (kind === 'pod' && node !== undefined ? [node] : []));
    this.#change({ canary: await watchCanaries(this, (since) => this.#book.recent.since(since), nodes, this.#options.signal) });
    await this.configured();
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
        const until = await livedUntil(this.#options.kube, this.#namespace, agent.place, this.#pods).catch(() => undefined);
        if (until === undefined) return;
        agent.finish(until);
        this.#gone.push(agent.usage);
        this.#agents.delete(key);
      }),
    );
  }

  async #collectAndFlush(): Promise<void> {
    await this.#collect();
    this.#flush();
  }

  #flush(): void {
    this.#book.flush(Object.fromEntries([...this.#agents].map(([key, agent]) => [key, agent.save()])));
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
