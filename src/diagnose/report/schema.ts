/** The public form of `fairlead diagnose --output json`. */
import { z } from 'zod';
import { evidenceSchema } from '../../core/evidence.ts';
import { fixSchema, unknownSchema } from '../../core/finding.ts';
import { SYMPTOM_KINDS } from '../symptom/symptom.ts';

const said = z.strictObject({ observation: z.string(), value: z.string(), says: z.string(), evidence: z.array(evidenceSchema) });

export const diagnosisSchema = z.strictObject({
  version: z.literal(1),
  tool: z.string(),
  question: z.strictObject({
    text: z.string().optional().describe('the error text, or the line of the log'), kind: z.enum(SYMPTOM_KINDS).optional(), phase: z.enum(['connect', 'established', 'unknown']).optional(), said: z.string().optional().describe('whose words these are'),
    from: z.string().optional(), to: z.string().optional(), target: z.string().optional().describe('what the other end is'), port: z.int().optional(), protocol: z.enum(['TCP', 'UDP']),
  }),
  verdict: z.enum(['cause', 'several', 'likely', 'works', 'undecided', 'nothing']).describe('cause and several: proved; likely: not proved; works: the connection was tried and stood; undecided: it cannot be told; nothing: nothing was found of what was looked at'),
  summary: z.string(),
  network: z.union([z.boolean(), z.literal('unknown')]).describe('whether it is the network'),
  causes: z.array(z.strictObject({
    fault: z.string(), name: z.string(), title: z.string(), layer: z.string(),
    certainty: z.enum(['proved', 'likely', 'possible', 'excluded']),
    for: z.array(said), against: z.array(said),
    unchecked: z.array(z.strictObject({ observation: z.string(), question: z.string(), why: z.string(), command: z.string().optional() })),
    belief: z.string().optional().describe('what people take it for, and why it is not that'),
    fix: z.array(fixSchema), verify: z.string(), source: z.array(z.string()),
  })).describe('every fault that is known, the surest first'),
  notes: z.array(z.strictObject({ belief: z.string().describe('what is widely believed'), text: z.string(), source: z.string() })).describe('beliefs that lead astray here, and what is true'),
  path: z.array(z.strictObject({ part: z.string(), hop: z.string(), state: z.enum(['ok', 'broken', 'unknown']), why: z.string() })).describe('the way from the client to the other end'),
  next: z.array(z.strictObject({ observation: z.string(), question: z.string(), command: z.string().optional(), tells: z.array(z.string()).describe('faults that it concerns') })).describe('what would tell the open causes apart, the cheapest first; empty when one is proved'),
  unknown: z.array(unknownSchema),
});

export type DiagnosisReport = z.infer<typeof diagnosisSchema>;
