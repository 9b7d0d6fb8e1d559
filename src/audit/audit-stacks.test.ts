/** What the audit says above `info` of ten application stacks is explained, finding by finding, and the committed page has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { auditStacks, stackNames, stackPage, type StackAudit } from './testing/stack-audit.ts';
import { EXPLANATIONS } from './testing/stack-explanations.ts';

describe('ten application stacks', () => {
  let audits: StackAudit[];
  beforeAll(async () => void (audits = await auditStacks()), 120_000);

  it('are ten, and most rules judge them where they run', () => {
    expect(stackNames()).toHaveLength(10);
    expect(audits.filter(({ way, judged }) => way === 'running' && judged < 85)).toEqual([]);
  });

  it('bring no finding that is not explained', () => {
    expect(audits.flatMap(({ stack, way, findings }) => findings.filter(({ explanation }) => explanation === undefined).map(({ finding }) => `${stack}, ${way}: ${finding.rule} ${finding.summary}`))).toEqual([]);
  });

  it('have no explanation of what is not found', () => {
    const used = new Set(audits.flatMap(({ way, findings }) => findings.map(({ explanation }) => `${way} ${EXPLANATIONS.findIndex((one) => one === explanation)}`)));
    expect(EXPLANATIONS.flatMap((one, at) => one.ways.filter((way) => !used.has(`${way} ${at}`)).map((way) => `${one.stack}, ${way}: ${one.rule}`))).toEqual([]);
  });

  it('are in bench/AUDIT-STACKS.md as they are (npm run generate)', () => {
    expect(readFileSync(join(packageRoot(), 'bench/AUDIT-STACKS.md'), 'utf8')).toBe(stackPage(audits));
  });
});
