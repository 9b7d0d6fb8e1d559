/** Observations that the audit makes: what its rules find, at the ends that matter or elsewhere. */
import { RULES } from '../../audit/rules.ts';
import { audit } from '../../audit/run.ts';
import { subjectOf } from '../../audit/view.ts';
import type { Finding } from '../../core/finding.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { clientNode, clientPod, fact, unseen, type Scene } from './scene.ts';

/** Subjects that many share, so that a finding about them is about this path, too. */
const SHARED = /^(?!Pod |Node |Service |Deployment |StatefulSet |DaemonSet |Event |NetworkPolicy |Job )/;

/** Names of what is on the path; undefined where nothing is known of it. */
function subjectsOf(scene: Scene): { own: Set<string>; sure: boolean } | undefined {
  const { ends } = scene;
  if (ends.target === undefined && ends.from === undefined) return undefined;
  const [pod, node] = [clientPod(scene), clientNode(scene)];
  const own = new Set([
    ...(pod === undefined ? [] : [subjectOf(pod)]), ...(node === undefined ? [] : [`Node ${node}`]),
    ...ends.pods.flatMap((one) => [subjectOf(one), ...(one.spec?.nodeName === undefined ? [] : [`Node ${one.spec.nodeName}`])]),
    ...(ends.service === undefined ? [] : [subjectOf(ends.service)]), ...(ends.node === undefined ? [] : [subjectOf(ends.node)]),
  ]);
  return { own, sure: ends.from !== undefined };
}

function placed(findings: readonly Finding[], path: ReturnType<typeof subjectsOf>): { where: 'here' | 'cluster' | 'elsewhere'; finding: Finding } | undefined {
  const whereOf = (finding: Finding): 'here' | 'cluster' | 'elsewhere' => {
    // A remark of the audit is no proof of anything.
    if (path === undefined) return finding.severity === 'error' ? 'here' : 'cluster';
    if (finding.subjects.some((subject) => path.own.has(subject))) return finding.severity === 'info' ? 'cluster' : 'here';
    return finding.subjects.some((subject) => SHARED.test(subject)) || (!path.sure && finding.subjects.some((subject) => subject.startsWith('Node '))) ? 'cluster' : 'elsewhere';
  };
  const all = findings.map((finding) => ({ where: whereOf(finding), finding }));
  return all.find(({ where }) => where === 'here') ?? all.find(({ where }) => where === 'cluster') ?? all[0];
}

/** Runs the audit's rules that find faults, and says of each what it found on this path. */
export function ruleFacts(scene: Scene): Map<ObservationId, Fact> {
  const rules = RULES.filter(({ faults }) => faults.length > 0);
  const report = audit(scene.view.snapshot, { rules, tool: scene.view.snapshot.tool, subject: 'diagnosis' });
  const path = subjectsOf(scene);
  // A guessed client is no end for sure.
  const { from: _guess, ...others } = scene.ends;
  const sure = scene.ends.guessed === true ? subjectsOf({ ...scene, ends: others }) : path;
  const facts = new Map<ObservationId, Fact>();
  // What a remark accepts is there all the same.
  const findings = [...report.findings, ...report.ignored.map(({ finding }) => finding)];
  for (const { rule, verdict, why } of report.checked) {
    const own = findings.filter((one) => one.rule === rule);
    const found = placed(own, path);
    if (found?.where === 'here' && placed(own, sure)?.where !== 'here') facts.set(`rule:${rule}`, { ...fact('here', `${rule}: ${found.finding.summary} (the client is a guess)`, ...found.finding.evidence.slice(0, 3)), weak: 'guessed-client' });
    else if (found !== undefined) facts.set(`rule:${rule}`, fact(found.where, `${rule}: ${found.finding.summary}${found.where === 'elsewhere' ? ' (not on this path)' : ''}`, ...found.finding.evidence.slice(0, 3)));
    else if (verdict === 'pass') facts.set(`rule:${rule}`, fact('pass', `${rule} found nothing`, { source: `audit rule ${rule}`, excerpt: 'pass', level: 'derived' }));
    // It is about clusters of another kind: then it finds nothing here.
    else if (verdict === 'skip') facts.set(`rule:${rule}`, fact('pass', `${rule} does not apply: ${why ?? ''}`, { source: `audit rule ${rule}`, excerpt: 'skip', level: 'derived' }));
    else facts.set(`rule:${rule}`, unseen(why ?? `${rule} could not be judged`, `fairlead audit --only ${rule} --via pod`));
  }
  return facts;
}
