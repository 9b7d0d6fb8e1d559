/** Every fault has a page with the words that a page needs, and none has a section without any. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BELIEFS } from '../beliefs.ts';
import { faultOf, KNOWN_FAULTS } from '../faults/faults.ts';
import { explained } from './explained.ts';
import { findFault } from './find.ts';
import { faultMarkdown, faultPages, faultsText, faultText } from './page.ts';
import { faultsSchema } from './schema.ts';

const NEEDED = ['How it shows', 'What speaks for it', 'What proves it', 'What tells it from others, the cheapest first', 'What mends it', 'What `fairlead diagnose --fix` does', 'How to verify', 'Sources'];

describe.each(KNOWN_FAULTS.map((fault) => [fault.id, fault] as const))('%s', (_id, fault) => {
  const page = faultMarkdown(explained(fault));
  it('has all sections that a page needs, each with words', () => {
    for (const lead of NEEDED) expect(page, lead).toMatch(new RegExp(`^\\*\\*${lead.replaceAll(/[.*+?^$()[\]{}|\\]/g, String.raw`\$&`)}[^*]*\\.\\*\\* ?(?:\\S.{2,}|\\n\\n- \\S.{2,})`, 'm'));
    // No lead without what it leads to, and no value that code put there in place of words.
    expect(page).not.toMatch(/\.\*\*\s*(?:\n\n\*\*|$)/);
    expect(page).not.toMatch(/undefined|\[object|NaN|(?<!`)``(?!`)/);
  });

  it('is the same fault as a document', () => {
    expect(faultsSchema.parse({ version: 1, tool: 'x', faults: [explained(fault)] }).faults[0]).toMatchObject({ fault: fault.id, title: fault.title });
  });
});

describe('the pages', () => {
  it('are of every fault and of their index', () => {
    expect([...faultPages().keys()]).toEqual(['README.md', ...KNOWN_FAULTS.map(({ id }) => `${id}.md`)]);
    const list = faultsText();
    for (const { id, name, title } of KNOWN_FAULTS) expect(list).toContain(`  ${id.padEnd(4)} ${name.padEnd(38)} ${title}\n`);
  });

  it('say each popular mistake where somebody is likely to make it', () => {
    for (const { number, faults, belief } of BELIEFS) {
      expect(faults.length, String(number)).toBeGreaterThan(0);
      for (const id of faults) expect(faultMarkdown(explained(faultOf(id)))).toContain(`Believed: ${belief} In truth: `);
    }
  });

  it('are as in the golden file', () => {
    expect(faultText(explained(faultOf('P3')))).toBe(readFileSync(new URL('fixtures/P3.golden.txt', import.meta.url), 'utf8'));
  });

  it('are found by id and by name, in whatever case; for another word the nearest are named', () => {
    expect([findFault('p3').id, findFault(' Egress-Deny-Without-DNS ').id]).toEqual(['P3', 'P3']);
    expect(() => findFault('egress-without-dns')).toThrow(expect.objectContaining({ exitCode: 2, message: 'there is no fault egress-without-dns', hint: expect.stringMatching(/^Nearest are .*P3 \(egress-deny-without-dns\)/) as string }));
  });
});
