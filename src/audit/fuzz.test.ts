/** Odd input makes no rule fall over: values of every example are replaced by values of other types. */
import fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { loadSnapshot } from '../cluster/snapshot/load.ts';
import { CATALOGUE } from '../cni/catalogue.ts';
import { differenceOf, differenceText } from '../cni/picture/difference.ts';
import { pictureOf } from '../cni/picture/picture.ts';
import { summaryOf, summaryText } from '../cni/picture/summary.ts';
import { renderReport } from '../report/render.ts';
import type { Example } from './rule.ts';
import { RULES } from './rules.ts';
import { audit } from './run.ts';
import { healthy } from './testing/healthy.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-fuzz-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const examples: Example[] = [...RULES.flatMap(({ bad }) => (typeof bad === 'function' ? [] : [bad])), healthy('k3s-calico'), healthy('kubeadm-cilium')];

/** Paths of all values in a document. */
function paths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  const below = Array.isArray(value) ? value.flatMap((one, at) => paths(one, [...path, at])) : typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([name, one]) => paths(one, [...path, name])) : [];
  return [path, ...below];
}

function replaced(value: unknown, [first, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (first === undefined) return by;
  if (Array.isArray(value)) return value.map((one, at) => (at === first ? replaced(one, rest, by) : one) as unknown);
  return Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, name === first ? replaced(one, rest, by) : one]));
}

const odd = fc.constantFrom<unknown>(null, '', 'x', '10.0.0.0/8', '0/0', ':::', -1, 0, 1.5, 1e21, true, [], {}, [null], [[]], [{}], { a: 1 }, ['a'], 'constructor', '__proto__', 'a-b', '10.0.0.9-10.0.0.1');

it('of any kind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...examples), fc.array(fc.tuple(fc.nat(), odd), { minLength: 1, maxLength: 4 }), async (example, changes) => {
      let items: unknown = example;
      for (const [choice, value] of changes) {
        const all = paths(items).filter((path) => path.length > 1);
        items = replaced(items, all[choice % all.length] ?? [], value);
      }
      const file = join(dir, 'x.json');
      writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
      let snapshot;
      try {
        snapshot = await loadSnapshot([file], { catalogue: CATALOGUE, tool: '1.0.0', now: new Date(0) });
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        return;
      }
      const report = audit(snapshot, { rules: RULES, tool: '1.0.0', subject: 'x' });
      expect(report.checked.filter(({ why = '' }) => why.includes('bug in fairlead')).map(({ rule, why }) => `${rule}: ${why ?? ''}`)).toEqual([]);
      for (const format of ['text', 'json', 'sarif'] as const) expect(renderReport(report, format, { colour: false })).not.toBe('');
      expect(summaryText(summaryOf(pictureOf(snapshot)))).not.toBe('');
      expect(differenceText(differenceOf(snapshot, snapshot, ['a', 'b']))).toMatch(/^nothing of networking differs/);
    }),
    { numRuns: 400 },
  );
}, 120_000);
