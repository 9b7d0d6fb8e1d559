/** The blind trial without a lab: its cases are well defined and drawn anew, its clients are read right, its judgement is right, its page says what its rows say. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { KNOWN_FAULTS } from '../src/diagnose/faults/faults.ts';
import type { DiagnosisReport } from '../src/diagnose/report/schema.ts';
import { readSymptom } from '../src/diagnose/symptom/parse.ts';
import { CANNOT, CASES } from './blind-trial/cases.ts';
import type { Truth } from './blind-trial/case.ts';
import { clientScript, readClient } from './blind-trial/client.ts';
import { Draw, SAMPLE } from './blind-trial/draw.ts';
import { figuresOf, medianOf, shareOf, type Scored } from './blind-trial/figures.ts';
import { isOfNetwork, judge, passed } from './blind-trial/judge.ts';
import { figureLines, readRows, renderPage, type Row } from './blind-trial/table.ts';

const of = (set: string): typeof CASES => CASES.filter((one) => one.set === set);

describe('the cases', () => {
  it('are each there once, and as many as were promised', () => {
    expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
    expect(new Set(of('known').filter(({ what }) => what !== 'the same, with Calico').map(({ what }) => what)).size).toBeGreaterThanOrEqual(45);
    expect(of('compound').length).toBeGreaterThanOrEqual(8);
    expect(of('unknown').length).toBeGreaterThanOrEqual(8);
    expect(of('innocent').length).toBeGreaterThanOrEqual(10);
    for (const set of ['known', 'compound', 'unknown', 'innocent']) expect(new Set(of(set).map(({ lab }) => lab))).toEqual(new Set(['flannel', 'calico']));
    expect(Object.keys(CANNOT)).toEqual(['full conntrack (D4)', "an exhausted pool of Calico's own IPAM (I2)"]);
    for (const why of Object.values(CANNOT)) expect(why.length).toBeGreaterThan(40);
  });

  it.each(CASES.map((one) => [one.id, one] as const))('%s has a truth that the knowledge base knows, and can be made anywhere', (_id, one) => {
    const { faults, also = {}, broken, network } = one.truth;
    for (const id of [...faults.flat(), ...Object.keys(also)]) expect(KNOWN_FAULTS.map((fault) => fault.id)).toContain(id);
    expect(faults).toHaveLength({ known: 1, innocent: 1, compound: 2, unknown: 0 }[one.set]);
    expect(broken === undefined).toBe(one.set !== 'unknown');
    if (one.set === 'known' || one.set === 'innocent') expect(isOfNetwork(faults[0]?.[0] ?? '')).toBe(network);
    const scripts = new Set<string>();
    for (let seed = 0; seed < 6; seed++) {
      const at = new Draw(SAMPLE, seed, one);
      const { changes, asks } = one.make(at);
      expect(at.caller === at.api).toBe(one.together === true);
      expect(asks.length).toBeGreaterThan(0);
      expect(JSON.stringify([changes, asks])).not.toMatch(/\{(?:server|agent)-\d|undefined|NaN/);
      expect(new Draw(SAMPLE, seed, one).drawn[0]).toBe(at.drawn[0]);
      for (const ask of asks) if (ask.kind === 'client') for (const tongue of ask.tongues) scripts.add(clientScript(tongue, ask.mark, ask.url, ask.uploadBytes));
      for (const change of changes) if ('on' in change) scripts.add(change.run).add(change.undo);
    }
    // Each by itself is a list of commands for a shell, and so are all together.
    expect(spawnSync('sh', ['-n', '-c', [...scripts].map((script) => `{ ${script}\n}`).join('\n')], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  });

  it('are drawn anew with each seed, and the same with the same', () => {
    const one = CASES.find(({ id }) => id === 'large-packets-lost');
    if (one === undefined) throw new Error('there is no such case');
    const drawn = (seed: number): string => { const at = new Draw(SAMPLE, seed, one); one.make(at); return at.drawn.join(', '); };
    expect(drawn(7)).toBe(drawn(7));
    expect(drawn(7)).toMatch(/^from (?:server-1|agent-\d) to agent-\d, bytes 1[0-4]\d\d$/);
    expect(new Set(Array.from({ length: 20 }, (_, seed) => drawn(seed))).size).toBeGreaterThan(15);
    expect(() => new Draw(SAMPLE.slice(0, 2), 1, one)).toThrow('a server and two agents');
  });
});

describe('the clients', () => {
  it('are read as a user reads them', () => {
    expect(readClient('node', '@@ok')).toEqual({ ok: true });
    expect(readClient('node', '@@no TypeError: fetch failed [cause]: Error: connect ECONNREFUSED 10.43.0.21:80')).toEqual({ ok: false, text: 'TypeError: fetch failed [cause]: Error: connect ECONNREFUSED 10.43.0.21:80' });
    expect(readClient('go', 'shop stream-client: dial tcp 10.43.0.21:80: i/o timeout\n')).toEqual({ ok: false, text: 'shop stream-client: dial tcp 10.43.0.21:80: i/o timeout' });
    expect(readClient('go', 'shop stream-client: expected line 1, received "HTTP/1.1 400 Bad Request\\r\\n"')).toEqual({ ok: true });
  });

  it('are no complaint when they could not be run', () => {
    expect(() => readClient('node', 'nsenter: failed to execute')).toThrow('neither an answer nor an error');
    expect(() => readClient('go', 'Segmentation fault')).toThrow('nothing of its own');
  });

  it('print what Node.js itself prints of a refusal', async () => {
    // A port of nobody's: it was given to this process a moment ago.
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((closed) => server.close(closed));
    const script = clientScript('node', 'x', `http://127.0.0.1:${port}/`).split('\n')[1]?.replace(/^timeout 25 nsenter -t "\$pid" -m -n -- '[^']*'/, `'${process.execPath}'`) ?? '';
    const attempted = readClient('node', spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout);
    expect(attempted).toMatchObject({ ok: false });
    expect(readSymptom(attempted.ok ? '' : attempted.text)).toMatchObject({ kind: 'refused', said: 'node', address: '127.0.0.1', port });
  });
});

const cause = (fault: string, certainty: DiagnosisReport['causes'][number]['certainty']): DiagnosisReport['causes'][number] => ({ fault, name: fault, title: fault, layer: 'host', certainty, for: [], against: [], unchecked: [], fix: [], verify: '', source: [] });
const report = (causes: readonly DiagnosisReport['causes'][number][], more: Partial<DiagnosisReport> = {}): DiagnosisReport => ({ version: 1, tool: '', question: { protocol: 'TCP' }, verdict: 'cause', summary: '', network: true, causes: [...causes], notes: [], path: [], next: [], unknown: [], ...more });
const hop = (part: string, state: 'ok' | 'broken' | 'unknown'): DiagnosisReport['path'][number] => ({ part, hop: part, state, why: '' });
const truth = (...faults: string[]): Truth => ({ faults: faults.map((id) => [id]), network: true });

describe('the judgement', () => {
  it('takes a cause by any of its names, first or among three, and nothing that is excluded', () => {
    const names: Truth = { faults: [['V4', 'H4']], network: true };
    expect(judge(names, [report([cause('H4', 'likely'), cause('V7', 'possible')])])).toMatchObject({ first: true, three: true, top: ['H4 likely', 'V7 possible'] });
    expect(judge(truth('A7'), [report([cause('V6', 'likely'), cause('V4', 'likely'), cause('A7', 'possible')])])).toMatchObject({ first: false, three: true });
    expect(judge(truth('A7'), [report([cause('V6', 'likely'), cause('V4', 'likely'), cause('V7', 'possible'), cause('A7', 'possible')])])).toMatchObject({ first: false, three: false });
    expect(judge(truth('A7'), [report([cause('A7', 'excluded')])])).toMatchObject({ first: false, three: false, top: [] });
  });

  it('calls wrong what is proved and neither made, nor its general form, nor declared', () => {
    expect(judge(truth('A7'), [report([cause('A7', 'proved'), cause('K1', 'proved')])]).falselyProved).toEqual(['K1']);
    expect(judge(truth('P3'), [report([cause('P3', 'proved'), cause('P10', 'proved')])]).falselyProved).toEqual([]);
    expect(judge({ ...truth('H9'), also: { V6: 'it follows' } }, [report([cause('V6', 'proved')])])).toMatchObject({ falselyProved: [], first: false });
    const unknown: Truth = { faults: [], network: true, broken: ['target'] };
    expect(judge(unknown, [report([cause('V4', 'proved')])]).falselyProved).toEqual(['V4']);
  });

  it('wants both faults of a compound: proved anywhere, or likely among the first three', () => {
    const both = truth('A7', 'H7');
    expect(judge(both, [report([cause('A7', 'proved'), cause('H7', 'proved')])]).named).toBe(2);
    expect(judge(both, [report([cause('A7', 'proved'), cause('H7', 'likely')])]).named).toBe(2);
    expect(judge(both, [report([cause('A7', 'proved'), cause('H7', 'possible')])]).named).toBe(1);
    expect(judge(both, [report([cause('A7', 'proved'), cause('V4', 'likely'), cause('V5', 'likely'), cause('H7', 'likely')])]).named).toBe(1);
    expect(judge(both, [report([cause('A7', 'proved')]), report([cause('H7', 'proved')])])).toMatchObject({ named: 2, first: true });
  });

  it('wants the broken part of the way to be the first that is called broken', () => {
    const unknown: Truth = { faults: [], network: true, broken: ['target'] };
    const said = { verdict: 'undecided', network: 'unknown' } as const;
    expect(judge(unknown, [report([], { ...said, path: [hop('client', 'ok'), hop('target', 'broken'), hop('process', 'broken')] })])).toMatchObject({ cannotTell: true, hop: true, broken: ['target', 'process'], network: 'open' });
    expect(judge(unknown, [report([], { ...said, path: [hop('between', 'broken'), hop('target', 'broken')] })]).hop).toBe(false);
    expect(judge(unknown, [report([], { ...said, path: [hop('target', 'unknown')] })]).hop).toBe(false);
    expect(judge(unknown, [report([], { ...said, verdict: 'likely' })]).cannotTell).toBe(false);
  });

  it('wants the network to be innocent where it is', () => {
    const innocent: Truth = { faults: [['W1']], network: false };
    expect(judge(innocent, [report([cause('W1', 'proved')], { network: false })]).network).toBe('right');
    expect(judge(innocent, [report([cause('W1', 'likely')], { network: 'unknown' })]).network).toBe('open');
    expect(judge(innocent, [report([cause('W1', 'likely')], { network: true })]).network).toBe('wrong');
    expect(judge(truth('A7'), [report([], { network: false })]).network).toBe('wrong');
  });

  it('passes by set, and never with a false proof', () => {
    const fine = judge(truth('A7'), [report([cause('A7', 'proved')])]);
    expect(passed('known', truth('A7'), fine)).toBe(true);
    expect(passed('known', truth('A7'), { ...fine, falselyProved: ['K1'] })).toBe(false);
    expect(passed('innocent', truth('A7'), { ...fine, network: 'open' })).toBe(false);
    expect(passed('compound', truth('A7', 'H7'), fine)).toBe(false);
    expect(passed('unknown', truth(), { ...fine, cannotTell: true, hop: true })).toBe(true);
    expect(passed('unknown', truth(), { ...fine, cannotTell: false, hop: true })).toBe(false);
  });
});

const judged = judge(truth('A7'), [report([cause('A7', 'proved')])]);

describe('the figures', () => {
  const row = (more: Partial<Scored>): Scored => ({ ...judged, set: 'known', faults: 1, seconds: [10], ...more });

  it('count each set by itself, and false proofs everywhere', () => {
    const figures = figuresOf([
      row({}), row({ first: false }), row({ first: false, three: false, falselyProved: ['K1'] }), row({ set: 'compound', faults: 2, named: 2 }), row({ set: 'compound', faults: 2, named: 1, seconds: [30, 50] }),
      row({ set: 'unknown', proved: [], cannotTell: true, hop: true }), row({ set: 'unknown', proved: [], cannotTell: false, hop: true }), row({ set: 'unknown', proved: ['K1'], falselyProved: ['K1'], cannotTell: false, hop: true }), row({ set: 'innocent', network: 'open' }),
    ]);
    expect(figures).toMatchObject({ first: { right: 1, of: 3 }, three: { right: 2, of: 3 }, both: { right: 1, of: 2 }, handled: { right: 1, of: 3 }, located: { right: 2, of: 3 }, innocent: { right: 0, of: 1 }, false: 2, rows: 9, median: 10, slowest: 50 });
  });

  it('have bounds: of 45 without a miss at least 93.6 %, and of none nothing', () => {
    expect(shareOf(45, 45).atLeast).toBeCloseTo(0.05 ** (1 / 45), 12);
    expect(shareOf(0, 0)).toEqual({ right: 0, of: 0, atLeast: 0 });
    expect(shareOf(0, 5).atLeast).toBe(0);
    expect([medianOf([]), medianOf([3, 1, 2]), medianOf([4, 1, 2, 3])]).toEqual([undefined, 2, 2.5]);
  });

  it('say so in words where nothing ran', () => {
    expect(figureLines(figuresOf([]))[0]).toBe('known faults, the true cause first: none ran; to be at least 95 %');
    expect(figureLines(figuresOf([row({})]))[0]).toBe('known faults, the true cause first: 1 of 1 (100.0 %; at least 5.0 % with 95 % confidence); to be at least 95 %');
  });
});

describe('the page', () => {
  const row = (id: string, more: Partial<Row> = {}): Row => ({ ...judged, id, seed: 1, drawn: 'from agent-1 to agent-2', texts: ['dial | tcp'], words: [''], summaries: ['s'], seconds: [9], left: [], code: 'a', day: '2026-01-01', machine: 'm', ...more });

  it('says of each row what it says, and of older code that it is', () => {
    const page = renderPage([row('wrong-vtep-mac'), row('stale-fdb', { first: false, three: false, falselyProved: ['A7'], left: ['z'] })], new Map([['wrong-vtep-mac', 'a']]));
    expect(page).toContain(String.raw`| from agent-1 to agent-2 | dial \| tcp | A7 | A7 proved | first | 9 s |`);
    expect(page).toContain('**FAILS** **missed**; **A7 wrongly proved**; left: z | 9 s (older code) |');
    expect(page).toContain(`${CASES.length - 2} of ${CASES.length} rows have not been run. 1 ran on older code`);
  });

  it('says of an unknown fault which part was named', () => {
    const page = renderPage([row('filter-in-the-server', { cannotTell: true, broken: ['between'], hop: false, verdicts: ['undecided'], proved: [], top: [] })], new Map());
    expect(page).toContain('**FAILS** cannot tell; broken: between **(wrong)**');
  });

  it('is made of rows of cases that exist', () => {
    expect([...readRows().keys()].filter((id) => !CASES.some((one) => one.id === id))).toEqual([]);
  });
});
