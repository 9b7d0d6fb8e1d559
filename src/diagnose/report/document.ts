/** A diagnosis as the public document. */
import type { Diagnosis } from '../diagnose.ts';
import { observationOf } from '../fact.ts';
import type { Said } from '../rank.ts';
import { diagnosisSchema, type DiagnosisReport } from './schema.ts';

const named = ({ metadata }: { metadata: { namespace?: string; name: string } }): string => `${metadata.namespace ?? 'default'}/${metadata.name}`;
const said = ({ at, value, says, evidence }: Said): DiagnosisReport['causes'][number]['for'][number] => ({ observation: at, value, says, evidence: [...evidence] });

/** The document. Errors: ZodError (a bug) when it does not fit its own schema. */
export function documentOf({ symptom, ends, causes, path, next, verdict, notes, unknown }: Diagnosis, tool: string): DiagnosisReport {
  const to = ends.service !== undefined ? `Service ${named(ends.service)}` : ends.pods[0] !== undefined && ends.target !== 'node' ? `Pod ${named(ends.pods[0])}` : ends.name ?? ends.address;
  const from = ends.from === undefined ? undefined : 'pod' in ends.from ? `Pod ${named(ends.from.pod)}` : `Node ${ends.from.node}`;
  return diagnosisSchema.parse({
    version: 1, tool,
    question: { text: symptom?.raw, kind: symptom?.kind, phase: symptom?.phase, said: symptom?.said, from, to, target: ends.target, port: ends.port, protocol: ends.protocol },
    verdict: verdict.kind, summary: verdict.summary, network: verdict.network,
    causes: causes.map(({ fault, certainty, for: fors, against, unchecked }) => ({
      fault: fault.id, name: fault.name, title: fault.title, layer: fault.layer, certainty, for: fors.map(said), against: against.map(said),
      unchecked: unchecked.map(({ at, why, command }) => ({ observation: at, question: observationOf(at).question, why, command })),
      belief: fault.belief, fix: [...fault.fix], verify: fault.verify, source: [...fault.source],
    })),
    notes: notes.map(({ belief, text, source }) => ({ belief, text, source })),
    path: path.map(({ part, label, state, why }) => ({ part, hop: label, state, why })),
    next: next.map(({ at, question, command, tells }) => ({ observation: at, question, command, tells })),
    unknown: [...unknown],
  });
}
