/** zod schemas of what the migration writes and reads back: plan and journal entries. */
import { z } from 'zod';
import { probeClassSchema } from '../probe/stats/schema.ts';
import type { Announcement } from '../probe/types.ts';
import type { JournalEntry } from './journal/entries.ts';
import type { Json, Plan, StepGroup } from './types.ts';

const jsonSchema: z.ZodType<Json> = z.json();
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'must be a sha256 in lower-case hex');
const verdict = z.enum(['pass', 'fail', 'skip', 'unknown']);
const gateVerdict = z.enum(['pass', 'fail', 'unknown']);
const name = z.string().min(1);
const canaryExpectation = z.enum(['open', 'denied', 'either']);

export const stepGroupSchema = z
  .string()
  .regex(/^(prepare|settle|commit|node:.+)$/, 'must be prepare, node:<name>, settle or commit') as unknown as z.ZodType<StepGroup>;

const impactShape = {
  classes: z.array(probeClassSchema).min(1),
  scope: z.enum(['from', 'to', 'either', 'any']),
  node: z.exactOptional(name),
  maxMs: z.number().positive(),
  reason: name,
};
const announcementSchema: z.ZodType<Announcement> = z.strictObject({ id: name, step: name, ...impactShape });

const stepSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'may hold letters, digits and . _ : / - only'),
  kind: name,
  group: stepGroupSchema,
  node: z.exactOptional(name),
  title: name,
  actions: z.array(z.string()),
  undo: z.array(z.string()),
  impact: z.array(z.strictObject(impactShape)),
  invariants: z.array(z.int().positive()),
  gate: z.boolean(),
  params: jsonSchema,
});

export const planSchema: z.ZodType<Plan> = z.strictObject({
  version: z.literal(1),
  createdAt: z.iso.datetime(),
  cluster: z.strictObject({
    id: name,
    name: name,
    distro: name,
    kubernetes: name,
    nodes: z.array(z.strictObject({ name, role: z.enum(['server', 'agent']), bootId: z.exactOptional(z.string()) })).min(1),
  }),
  from: name,
  to: name,
  canary: z.strictObject({ before: canaryExpectation, after: canaryExpectation }),
  options: jsonSchema,
  preconditions: z.array(z.strictObject({ id: name, title: name, verdict, expected: z.string(), observed: z.string(), fix: z.exactOptional(z.string()) })),
  steps: z.array(stepSchema).min(1),
  pointOfNoReturn: z.nullable(name),
  digest: hash,
});

const link = { n: z.int().nonnegative(), t: z.number(), prev: hash, hash };
const purpose = z.enum(['step', 'rollback']);
const lines = z.array(z.string());

export const journalEntrySchema: z.ZodType<JournalEntry> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('header'), plan: hash, tool: name, pid: z.int(), started: z.iso.datetime(),
    command: z.enum(['migrate', 'resume', 'rollback']), target: z.exactOptional(name), ...link,
  }),
  z.strictObject({ type: z.literal('step-intent'), step: name, group: stepGroupSchema, captured: jsonSchema, already: z.boolean(), ...link }),
  z.strictObject({ type: z.literal('announce-open'), announcement: announcementSchema, ...link }),
  z.strictObject({ type: z.literal('announce-close'), id: name, step: name, ...link }),
  z.strictObject({ type: z.literal('step-applied'), step: name, ...link }),
  z.strictObject({ type: z.literal('step-verified'), step: name, evidence: lines, ...link }),
  z.strictObject({ type: z.literal('gate'), step: name, purpose, verdict: gateVerdict, reasons: lines, figures: jsonSchema, ...link }),
  z.strictObject({ type: z.literal('step-done'), step: name, ...link }),
  z.strictObject({ type: z.literal('step-failed'), step: name, group: stepGroupSchema, phase: name, error: z.string(), evidence: lines, ...link }),
  z.strictObject({ type: z.literal('repaired'), step: name, evidence: lines, ...link }),
  z.strictObject({ type: z.literal('rollback-intent'), group: stepGroupSchema, reason: z.string(), ...link }),
  z.strictObject({ type: z.literal('undo-intent'), step: name, ...link }),
  z.strictObject({ type: z.literal('undo-done'), step: name, ...link }),
  z.strictObject({ type: z.literal('undo-failed'), step: name, attempt: z.int(), error: z.string(), ...link }),
  z.strictObject({ type: z.literal('group-rolled-back'), group: stepGroupSchema, ...link }),
  z.strictObject({ type: z.literal('interrupted'), reason: z.string(), next: z.string(), ...link }),
  z.strictObject({ type: z.literal('finished'), outcome: z.enum(['migrated', 'rolled-back']), ...link }),
]);

/** The first problem of a failed parse as `path: message`, path in the document's own terms (`steps[3].impact[0].maxMs`). */
export function firstProblem(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'not valid';
  const path = issue.path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`), '');
  return `${path === '' ? 'the document' : path}: ${issue.message}`;
}
