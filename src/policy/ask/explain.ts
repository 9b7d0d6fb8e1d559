/** Explains answers rule by rule: what every rule that was asked said, in order, and what would turn the answer round. */
import type { Engine } from '../compile/engine.ts';
import { firstBit, hasBit } from '../compile/bits.ts';
import type { SetId } from '../compile/set-table.ts';
import { pathText } from '../../cluster/manifests/origin.ts';
import { fieldPlace } from '../../cluster/manifests/position.ts';
import { answer, type Verdict } from './answer.ts';
import type { Decision, Heard } from './decide.ts';
import type { Edit } from './edit.ts';
import { triedEdit } from './tried-edit.ts';
import type { End } from './ends.ts';
import { portsText } from './port-text.ts';
import { reasonsOf, ruleText } from './reasons.ts';
import { onePerClass } from './sampling.ts';

const SAYS = { allow: 'allows', deny: 'denies', pass: 'passes on to the next stage' } as const;

function heardText({ rule, peer, port, counts, decided, unless }: Heard): string {
  if (decided) return SAYS[rule.action];
  if (counts) return `may ${rule.action}; depends on: ${unless ?? 'its conditions'}`;
  if (peer !== 'no' && port) return 'fits, but was decided before';
  const misses = [...(peer === 'no' ? ['the other end'] : []), ...(port ? [] : ['the port'])];
  return `does not fit: ${misses.join(' and ')}`;
}

/** One line per rule that was asked, in order. */
export function decisionLines(decision: Decision): string[] {
  const lines = decision.heard.map((heard, index) => `${index + 1}. ${ruleText(heard.rule.policy, heard.rule.path, 'field')}: ${heardText(heard)}`);
  const isolated = decision.isolated.map(({ policy, path }) => `end of rules: ${ruleText(policy, path, 'field')} isolates`);
  return [...lines, ...isolated, ...(decision.selected ? [] : ['no policy applies'])];
}

/** An edit in words. */
export function editText(edit: Edit): string {
  if (edit.kind === 'add policy') return `add a NetworkPolicy in namespace ${edit.namespace} with spec ${JSON.stringify(edit.spec)}`;
  const where = `${edit.policy.kind} ${edit.policy.id} ${pathText(edit.path)} (${fieldPlace(edit.policy.origin, edit.path)})`;
  switch (edit.kind) {
    case 'add port': return `add ${JSON.stringify(edit.item)} to ports of ${where}`;
    case 'add peer': return `add ${JSON.stringify(edit.item)} to ${edit.key} of ${where}`;
    case 'add rule': return `add the rule ${JSON.stringify(edit.item)} to ${where}`;
    // Without policyTypes a policy isolates egress only while it has an egress rule.
    case 'remove': return `take away ${where}${edit.path.includes('egress') ? ', and see that policyTypes names Egress' : ''}`;
  }
}

/** The whole explanation of one answer. */
export function explainText(engine: Engine, verdict: Verdict): string {
  const { from, to, protocol, port, egress, ingress } = verdict;
  const lines = [`${verdict.verdict}: ${from.name} → ${to.name} ${protocol} ${port}`, ...reasonsOf(verdict, 'field').map((reason) => `  ${reason}`)];
  if (egress !== undefined) lines.push(`  leaving ${from.name} (${egress.answer}):`, ...decisionLines(egress).map((line) => `    ${line}`));
  if (ingress !== undefined) lines.push(`  entering ${to.name} (${ingress.answer}):`, ...decisionLines(ingress).map((line) => `    ${line}`));
  const edits = triedEdit(engine, verdict);
  if (edits !== undefined) lines.push('  smallest edit that turns it round:', ...edits.map((edit) => `    ${editText(edit)}`));
  return `${lines.join('\n')}\n`;
}

/** The public form (docs/schemas/policy-explanation.v1.json). */
export function explainDocument(engine: Engine, verdict: Verdict): object {
  const side = (decision: Decision | undefined): object | undefined => decision === undefined ? undefined : { answer: decision.answer, rules: decisionLines(decision) };
  return {
    from: verdict.from.name, to: verdict.to.name, protocol: verdict.protocol, port: verdict.port, verdict: verdict.verdict, basis: verdict.basis,
    because: reasonsOf(verdict, 'field'), egress: side(verdict.egress), ingress: side(verdict.ingress), edits: triedEdit(engine, verdict)?.map(editText),
  };
}

/** The ports between two classes, cut where any rule that fits the pair begins or ends. */
function pieces(engine: Engine, from: number, to: number): SetId[] {
  const { sets } = engine.ports;
  let found: SetId[] = [engine.ports.transports];
  for (const [side, subject, other] of [[engine.egress.side, from, to], [engine.ingress.side, to, from]] as const) {
    for (const stage of side.stages) {
      for (const entry of stage.entries[subject] ?? []) {
        const rule = side.rules[entry.rule]!;
        if (hasBit(rule.may, other)) found = found.flatMap((set) => [sets.and(set, rule.ports), sets.minus(set, rule.ports)].filter((one) => !sets.isEmpty(one)));
      }
    }
  }
  return [...new Set(found)];
}

/** Explains every pair of pods and of what is outside, port by port where rules tell ports apart. */
export function* explainAll(engine: Engine): Generator<string> {
  const { universe, ports } = engine;
  const ends: End[] = onePerClass(engine);
  for (const from of ends) {
    let text = '';
    for (const to of ends) {
      if ((from.kind === 'address' && to.kind === 'address') || (from === to && universe.classes[from.class]!.pods.length === 1)) continue;
      for (const piece of pieces(engine, from.class, to.class)) {
        const { protocol, port } = ports.first(firstBit(ports.sets.bits(piece)));
        const verdict = answer(engine, from, to, protocol, port);
        text += `${verdict.verdict}: ${from.name} → ${to.name} ${portsText(engine, piece)}\n${reasonsOf(verdict, 'field').map((reason) => `  ${reason}\n`).join('')}`;
      }
    }
    yield text;
  }
}
