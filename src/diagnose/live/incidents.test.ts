/** What is said of faults between two nodes of a living cluster, and that nothing is proved of what is healthy. */
import { describe, expect, it } from 'vitest';
import { diagnose, type Diagnosis } from '../diagnose.ts';
import { LIVE, makeLive, type LiveIncident } from '../testing/incidents-live.ts';
import { liveSnapshot } from '../testing/live-snapshot.ts';
import { Wire } from '../testing/wire.ts';
import { liveProber } from './prober.ts';

async function run(incident: LiveIncident): Promise<Diagnosis> {
  const { trial, options } = makeLive(incident);
  const wire = new Wire(options);
  return await diagnose({ texts: [], logs: [], asked: { from: 'shop/web-1', to: 'shop/db-2', port: 5432 }, snapshot: await liveSnapshot(trial.objects) }, liveProber(wire.shellOf, () => new Date(0), () => Promise.resolve()));
}

const of = ({ causes }: Diagnosis, ...certainties: string[]): string[] => causes.filter(({ certainty }) => certainties.includes(certainty)).map(({ fault }) => fault.id);

describe('faults between two nodes are told apart', () => {
  it.each(LIVE.map((incident) => [incident.fault ?? 'nothing', incident.what, incident] as const))('%s: %s', async (_fault, _what, incident) => {
    const result = await run(incident);
    expect(of(result, 'proved')[0]).toBe(incident.fault);
    if (incident.fault === undefined) expect(of(result, 'proved')).toEqual([]);
    expect(of(result, 'proved', 'likely').filter((one) => incident.not?.includes(one))).toEqual([]);
    if (incident.tunnel !== undefined) expect(result.facts.get('tunnel')?.value).toBe(incident.tunnel);
  }, 30_000);
});

it('each way is told by itself, and the price of telling is paid once', async () => {
  const [back] = LIVE.filter(({ what }) => what.endsWith('on the way back'));
  if (back === undefined) throw new Error('there is no such incident');
  const result = await run(back);
  const seen = result.facts.get('tunnel');
  expect(seen?.value === undefined ? '' : seen.says).toBe('what goes into flannel.1 from node n1 to node n2: it comes out on the other node; from node n2 to node n1: it does not arrive on the other node');
  expect(result.path.find(({ part }) => part === 'between')).toMatchObject({ state: 'broken' });
});
