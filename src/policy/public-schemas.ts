/** The public forms of what `fairlead policy` prints as JSON; loaded by tests and by the generator of docs/schemas alone. */
import { z } from 'zod';

const answer = z.enum(['allow', 'deny', 'depends']);
const verdict = z.enum(['allow', 'deny', 'depends', 'unknown']).describe('unknown: an end is not in the input, or nothing could be asked');
const basis = z.enum(['policy', 'exception', 'undefined', 'unenforced']).describe('on what it rests: policies, a rule above them, something nobody promises, or that nothing is enforced');
const ports = z.array(z.object({ protocol: z.string(), from: z.number().int(), to: z.number().int() })).describe('ranges, both ends included');
const sentences = z.array(z.string());
const version = z.literal(1);

const listing = z.object({
  version, enforcer: z.string(), level: z.enum(['pod', 'workload', 'class']),
  edges: z.array(z.object({ from: z.string(), to: z.string(), allow: ports, depends: ports })),
});

const one = z.object({ from: z.string(), to: z.string(), protocol: z.string(), port: z.number().int(), verdict: answer, basis, because: sentences });

const asked = z.object({
  version, from: z.string(), to: z.string(), protocol: z.string(), port: z.number().int().optional().describe('absent where the other end is a route, whose backends have ports of their own'), verdict, why: sentences,
  answers: z.array(one).describe('one per pair of ends that the names stand for'),
});

const side = z.object({ answer, rules: sentences.describe('every rule that was asked, in order') }).optional();
const explained = z.object({ version, verdict, why: sentences, answers: z.array(one.extend({ egress: side, ingress: side, edits: sentences.optional().describe('the smallest edit that turns the answer round, all of them needed') })) });

const checked = z.object({ id: z.unknown().describe('the id of the question, as it came'), verdict, because: sentences });

const compared = z.object({
  version, enforcerA: z.string(), enforcerB: z.string(), onlyA: z.array(z.string()), onlyB: z.array(z.string()),
  changes: z.array(z.object({ change: z.enum(['closed', 'opened', 'mayClose', 'mayOpen']), from: z.string(), to: z.string(), ports, because: sentences.optional() })),
});

const finding = z.object({
  rule: z.string(), severity: z.enum(['info', 'warning', 'error']), subjects: z.array(z.string()), summary: z.string(),
  evidence: z.array(z.object({ source: z.string(), excerpt: z.string(), level: z.enum(['observed', 'derived', 'inferred']) })),
  why: z.string(), fix: z.array(z.string()), refs: z.array(z.string()),
});
const linted = z.object({ version, enforcer: z.string(), findings: z.array(finding) });

const tested = z.object({
  version, file: z.string(), ok: z.boolean(),
  results: z.array(z.object({ name: z.string(), line: z.number().int(), expect: z.enum(['allow', 'deny']), result: z.enum(['pass', 'fail', 'unknown']), tried: z.number().int().describe('pairs of ends'), because: sentences })),
});

const struck = z.object({
  version,
  hits: z.array(z.object({ from: z.string(), to: z.string(), protocol: z.string(), port: z.number().int(), verdict: z.enum(['deny', 'depends', 'unknown']), count: z.number().int().describe('connections seen'), pairs: z.number().int(), because: sentences })),
  counts: z.object({ allow: z.number().int(), deny: z.number().int(), depends: z.number().int(), unknown: z.number().int() }),
});

export const POLICY_SCHEMAS: Readonly<Record<string, object>> = {
  'policy-answer.v1': z.toJSONSchema(asked),
  'policy-check.v1': z.toJSONSchema(checked),
  'policy-diff.v1': z.toJSONSchema(compared),
  'policy-explanation.v1': z.toJSONSchema(explained),
  'policy-impact.v1': z.toJSONSchema(struck),
  'policy-lint.v1': z.toJSONSchema(linted),
  'policy-list.v1': z.toJSONSchema(listing),
  'policy-test.v1': z.toJSONSchema(tested),
};
