/** A lab for the blind trial: brought up with the trial's own pods, asked as users do, and diagnosed by the command line. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../src/cluster/objects.ts';
import type { DiagnosisReport } from '../../src/diagnose/report/schema.ts';
import type { LabKind } from '../audit-trial/fault.ts';
import { COMMAND_MS, LivingLab } from '../audit-trial/living-lab.ts';
import { clusterObject, TRIAL } from '../audit-trial/objects.ts';
import { runTool } from '../sweep/tool.ts';
import type { Ask } from './case.ts';
import { clientScript, readClient, type Attempted, type Tongue } from './client.ts';
import type { Place } from './draw.ts';
import { fixtures } from './parts.ts';

interface EventObject { reason?: string; message?: string; type?: string; lastTimestamp?: string | null; eventTime?: string | null; source?: { component?: string }; reportingComponent?: string; involvedObject: { uid?: string } }
type Named = KubeObject & { spec?: { clusterIP?: string }; status?: { podIP?: string } };

/** What a command of the tool printed, and how long it took. */
export interface Diagnosed { report: DiagnosisReport; seconds: number; command: readonly string[] }

export class BlindLab extends LivingLab {
  /** Starts the cluster, from nothing, and puts the trial's pods on each node. Traffic is that of the demo applications. */
  async up(kind: LabKind): Promise<void> {
    await this.down();
    await this.tool(['lab', 'up', '--name', this.name, '--cni', kind, '--apps'], 3_600_000);
    await this.readNodes();
    await this.change({ apply: [clusterObject('v1', 'Namespace', TRIAL)] });
    for (const [short, { name }] of Object.entries(this.nodes)) await this.change({ apply: fixtures(short, name) });
    await this.kubectl(['wait', '-n', TRIAL, '--for=condition=Ready', '--timeout=180s', 'pod', '--all']);
  }

  /** What is at each node. Errors: one when a pod of the trial is not there. */
  async places(): Promise<Place[]> {
    const { items } = JSON.parse(await this.kubectl(['get', 'pods,services', '-n', TRIAL, '-o', 'json'])) as { items: Named[] };
    const found = (kind: string, name: string): Named => {
      const object = items.find((one) => one.kind === kind && one.metadata.name === name);
      if (object === undefined) throw new Error(`lab ${this.name} has no ${kind} ${TRIAL}/${name}`);
      return object;
    };
    return Object.entries(this.nodes).map(([short, node]) => {
      const [caller, api] = [`caller-${short}`, `api-${short}`];
      const ip = (name: string): string => found('Pod', name).status?.podIP ?? '';
      return { ...node, short, podPrefix: node.podCidr.split('.').slice(0, 3).join('.'), caller: { name: caller, ip: ip(caller) }, api: { name: api, ip: ip(api), clusterIp: found('Service', api).spec?.clusterIP ?? '' } };
    });
  }

  /** Runs a client. Errors: one when it cannot be run. */
  async connect(ask: Extract<Ask, { kind: 'client' }>, tongue: Tongue): Promise<Attempted> {
    return readClient(tongue, await this.shell(ask.node, clientScript(tongue, ask.mark, ask.url, ask.uploadBytes)));
  }

  /** The complaint, as its user reads it now; undefined where there is none. */
  async complaint(ask: Ask, tongue: Tongue): Promise<string | undefined> {
    if (ask.kind === 'client') {
      const attempted = await this.connect(ask, tongue);
      return attempted.ok ? undefined : attempted.text;
    }
    return ask.kind === 'event' ? await this.#warning(ask.pod, new RegExp(`^(?:${ask.reason})$`)) : await this.#logged(ask.pod, ask.container, ask.has);
  }

  /** `fairlead diagnose TEXT … --via lab:…`, as a user calls it. Errors: one when it ends neither with 0 nor with 1. */
  async diagnose(text: string, words: readonly string[]): Promise<Diagnosed> {
    const command = ['diagnose', text, ...words, '--via', `lab:${this.name}`, '-o', 'json'];
    const began = performance.now();
    const ended = await runTool(command, { timeoutMs: COMMAND_MS });
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    if (ended.code > 1) throw new Error(`fairlead ${command.join(' ')} exited ${ended.code}:\n${ended.stderr.slice(-3000)}`);
    return { report: JSON.parse(ended.stdout) as DiagnosisReport, seconds, command };
  }

  /** Whether the caller of each node reaches the server of each other, by address, and that of its own by name; what failed, in words. */
  async broken(places: readonly Place[]): Promise<string[]> {
    const failed = await Promise.all(places.flatMap((from) => places.map(async (to) => {
      const url = `http://${from === to ? to.api.name : to.api.clusterIp}/`;
      const attempted = await this.connect({ kind: 'client', node: from.name, mark: from.caller.name, url, tongues: ['node'], words: [] }, 'node');
      return attempted.ok ? [] : [`${from.caller.name} to ${url}: ${attempted.text}`];
    })));
    return failed.flat();
  }

  /** Waits until everything works; what still fails when the time is over. */
  async untilWhole(places: readonly Place[], timeoutMs: number): Promise<string[]> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const failed = await this.broken(places);
      if (failed.length === 0 || Date.now() > end) return failed;
      await sleep(2_000);
    }
  }

  async #warning(pod: string, reason: RegExp): Promise<string | undefined> {
    const { items } = JSON.parse(await this.kubectl(['get', 'events', '-n', TRIAL, '-o', 'json'])) as { items: EventObject[] };
    // An earlier case may have had a pod of that name.
    const uid = await this.kubectl(['get', 'pod', '-n', TRIAL, pod, '-o', 'jsonpath={.metadata.uid}']);
    const own = items.filter((one) => one.involvedObject.uid === uid && one.type === 'Warning' && reason.test(one.reason ?? ''));
    const last = own.toSorted((a, b) => (a.lastTimestamp ?? a.eventTime ?? '').localeCompare(b.lastTimestamp ?? b.eventTime ?? '')).at(-1);
    return last === undefined ? undefined : `Warning  ${last.reason ?? ''}  ${last.source?.component ?? last.reportingComponent ?? 'kubelet'}  ${last.message ?? ''}`;
  }

  async #logged(pod: string, container: string, has: string): Promise<string | undefined> {
    const logs = await Promise.all([[], ['--previous']].map(async (more) => await this.kubectl(['logs', '-n', TRIAL, pod, '-c', container, ...more]).catch(() => '')));
    return logs.join('\n').split('\n').filter((line) => line.includes(has)).at(-1)?.trim();
  }
}
