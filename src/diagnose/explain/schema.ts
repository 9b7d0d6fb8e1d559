/** The public form of `fairlead diagnose explain --output json`: faults of the knowledge base, as data. */
import { z } from 'zod';
import { fixSchema } from '../../core/finding.ts';
import { SYMPTOM_KINDS } from '../symptom/symptom.ts';

const values = z.array(z.string());

const explainedSchema = z.strictObject({
  fault: z.string(), name: z.string(), title: z.string(), layer: z.string(),
  family: z.strictObject({ name: z.string(), about: z.string() }),
  network: z.boolean().describe('whether it is a fault of the network'),
  shows: z.array(z.strictObject({ kinds: z.array(z.enum(SYMPTOM_KINDS)), to: values.optional().describe('kinds of other ends; absent: any'), phase: z.string().optional(), text: z.string().optional().describe('regular expression that the error text fits') })).describe('how clients see it; empty where none does'),
  says: z.array(z.string()).describe('regular expressions of lines in logs and events that are its own'),
  observations: z.array(z.strictObject({
    observation: z.string(), question: z.string(), price: z.strictObject({ cost: z.int(), what: z.string() }),
    for: values.describe('what speaks for it'), against: values.describe('what speaks against it'), refutes: values.describe('with which it cannot be the cause'),
  })).describe('what tells it apart, the cheapest first'),
  proofs: z.array(z.array(z.strictObject({ observation: z.string(), question: z.string(), is: values }))).describe('each proves it, if it explains the complaint; empty where nothing that can be observed does'),
  foundAlone: values.describe('rules of the audit that prove it where nothing was complained of'),
  fix: z.array(fixSchema), byProgram: z.string().describe('what `diagnose --fix` does about it, and when; or why nothing'), verify: z.string(),
  beliefs: z.array(z.strictObject({ belief: z.string().optional().describe('what is widely believed; absent where the text says it itself'), text: z.string(), source: z.string().optional() })).describe('popular mistakes about it'),
  caseOf: values.describe('faults of which it is a case'), cases: values.describe('faults that are cases of it'),
  rules: values.describe('rules of the audit that find it'),
  source: values,
});
export type Explained = z.infer<typeof explainedSchema>;

export const faultsSchema = z.strictObject({ version: z.literal(1), tool: z.string(), faults: z.array(explainedSchema) });
