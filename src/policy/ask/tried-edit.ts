/** Edits that were tried: a rule is taken away only where that is seen to turn the answer round. */
import { compile, type Engine } from '../compile/engine.ts';
import { parseAddress } from '../model/block.ts';
import { answer, type Verdict } from './answer.ts';
import { smallestEdit, type Edit } from './edit.ts';
import { Directory, type End } from './ends.ts';

function endIn(engine: Engine, end: End): End {
  const directory = new Directory(engine);
  if (end.kind === 'pod') return directory.ofPod(end.pod);
  if (end.kind === 'node') return directory.ofNode(end.node);
  const address = parseAddress(end.name);
  return address === undefined ? end : { ...end, class: engine.universe.ofAddress(engine.addresses.classOf(address)) };
}

/**
 * The smallest edit, where one is known. Rules of ordered dialects are taken away on trial, because another rule
 * may deny what the first denied; edits of Kubernetes' policies need none, since their rules only add.
 */
export function triedEdit(engine: Engine, verdict: Verdict): Edit[] | undefined {
  const edits = smallestEdit(verdict);
  const removed = edits?.filter((edit) => edit.kind === 'remove') ?? [];
  if (edits === undefined || removed.length < edits.length || verdict.verdict === 'allow') return edits;
  const changed = without(engine, removed);
  const again = answer(changed, endIn(changed, verdict.from), endIn(changed, verdict.to), verdict.protocol, verdict.port);
  return again.verdict === 'allow' ? edits : undefined;
}

const compiled = new WeakMap<Engine, Map<string, Engine>>();

/** The state without some rules; pods of one workload ask for the same one again and again. */
function without(engine: Engine, removed: readonly (Edit & { kind: 'remove' })[]): Engine {
  const known = compiled.get(engine) ?? new Map<string, Engine>();
  compiled.set(engine, known);
  const key = removed.map((edit) => `${edit.policy.kind} ${edit.policy.id} ${edit.path.join('.')}`).join();
  const found = known.get(key);
  if (found !== undefined) return found;
  const gone = (policy: unknown, path: unknown): boolean => removed.some((edit) => edit.policy === policy && edit.path === path);
  const stages = engine.state.stages.map((stage) => ({ ...stage, rules: stage.rules.filter((rule) => !gone(rule.policy, rule.path)) }));
  const [changed] = compile([{ ...engine.state, stages }]);
  known.set(key, changed!);
  return changed!;
}
