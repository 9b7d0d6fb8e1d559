import { expect, it } from 'vitest';
import type { Announcement } from '../../probe/types.ts';
import type { JournalBody, JournalEntry } from '../journal/entries.ts';
import { sealEntry } from '../journal/chain.ts';
import { replay } from '../journal/replay.ts';
import type { Plan } from '../types.ts';
import { expectedCanaries } from './expected-canaries.ts';

const plan = {
  cluster: { nodes: [{ name: 'a' }, { name: 'b' }] },
  canary: { before: 'open', after: 'denied' },
  steps: ['a', 'b'].flatMap((node) => ['clear', 'prove', 'uncordon'].map((kind) => ({ id: `node:${node}/${kind}`, kind, node, group: `node:${node}` }))),
} as unknown as Plan;

const window: Announcement = { id: 'w', step: 'node:a/clear', classes: ['pod-to-pod', 'denied'], scope: 'either', node: 'a', maxMs: 1000, reason: 'moved' };

/** What is expected after a journal of these entries. */
function after(...bodies: JournalBody[]): unknown {
  const entries: JournalEntry[] = [];
  for (const [index, body] of bodies.entries()) entries.push(sealEntry(body, entries.at(-1), index + 1));
  return expectedCanaries(plan, replay(entries));
}

const header: JournalBody = { type: 'header', plan: 'd'.repeat(64), tool: '0', pid: 1, started: '2026-01-01T00:00:00.000Z', command: 'migrate' };
const doing = (step: string): JournalBody[] => [{ type: 'step-intent', step, group: 'node:a', captured: null, already: false }, { type: 'step-applied', step }];
const done = (step: string): JournalBody[] => [...doing(step), { type: 'step-done', step }];
const undone = (step: string): JournalBody[] => [{ type: 'undo-intent', step }, { type: 'undo-done', step }];
const rollback: JournalBody = { type: 'rollback-intent', group: 'node:a', reason: 'x' };

it('nodes that have not moved are as before', () => {
  expect(after()).toEqual({ a: 'open', b: 'open' });
  expect(after(header, ...done('node:a/clear'))).toEqual({ a: 'open', b: 'open' });
});

it('a node whose new CNI is proven is as after; the others are not', () => {
  expect(after(header, ...done('node:a/prove'))).toEqual({ a: 'denied', b: 'open' });
});

it('a node that was proven and taken back is as before', () => {
  expect(after(header, ...done('node:a/prove'), ...doing('node:a/uncordon'), rollback, ...undone('node:a/prove'), { type: 'group-rolled-back', group: 'node:a' })).toEqual({ a: 'open', b: 'open' });
});

it('a node in between may be either way for as long as that is announced', () => {
  const opened: JournalBody[] = [header, ...doing('node:a/clear'), { type: 'announce-open', announcement: window }];
  expect(after(...opened)).toEqual({ a: 'either', b: 'open' });
  expect(after(...opened, { type: 'announce-close', id: 'w', step: 'node:a/clear' }, ...done('node:a/prove'))).toEqual({ a: 'denied', b: 'open' });
  expect(after(header, { type: 'announce-open', announcement: { ...window, classes: ['pod-to-pod'] } })).toEqual({ a: 'open', b: 'open' });
});
