/** Observations that the audit makes: what its rules find, at the ends that matter or elsewhere. */
import { RULES } from '../../audit/rules.ts';
import { audit } from '../../audit/run.ts';
import { subjectOf } from '../../audit/view.ts';
import type { Finding } from '../../core/finding.ts';
import type { Fact, ObservationId } from '../fact.ts';
import { sawAll } from './complete.ts';
import { clientNode, clientPod, fact, unseen, type Scene } from './scene.ts';

/** Subjects that many share, so that a finding about them is about this path, too. */
const SHARED = /^(?!Pod |Node |Service |Deployment |StatefulSet |DaemonSet |Event |NetworkPolicy |Job )/;

/** What is on the path. `client`: of the client's end alone. `pods`: names of each pod at the other end, with its node. */
interface Path { own: Set<string>; client: Set<string>; pods: readonly (readonly string[])[]; sure: boolean }

/** Names of what is on the path; undefined where nothing is known of it. */
function subjectsOf(scene: Scene): Path | undefined {
  const { ends } = scene;
  if (ends.target === undefined && ends.from === undefined) return undefined;
  const [pod, node] = [clientPod(scene), clientNode(scene)];
  const client = new Set([...(pod === undefined ? [] : [subjectOf(pod)]), ...(node === undefined ? [] : [`Node ${node}`])]);
  const pods = ends.pods.map((one) => [subjectOf(one), ...(one.spec?.nodeName === undefined ? [] : [`Node ${one.spec.nodeName}`])]);
  const own = new Set([
    ...client, ...pods.flat(),
    ...(ends.service === undefined ? [] : [subjectOf(ends.service)]), ...(ends.node === undefined ? [] : [subjectOf(ends.node)]),
  ]);
  return { own, client, pods, sure: ends.from !== undefined };
}

/** Whether what was found on the path is so for some of the pods at the other end alone, whatever Service they are behind. */
function isOfSome(here: readonly Finding[], { client, pods }: Path): boolean {
  const named = (finding: Finding): number[] => pods.flatMap((names, at) => (names.some((name) => finding.subjects.includes(name)) ? [at] : []));
  const whole = here.some((finding) => finding.subjects.some((subject) => client.has(subject)) || named(finding).length === 0);
  return pods.length > 1 && !whole && new Set(here.flatMap(named)).size < pods.length;
}

function placed(findings: readonly Finding[], path: Path | undefined): { where: 'here' | 'cluster' | 'elsewhere'; finding: Finding; some: boolean } | undefined {
  const whereOf = (finding: Finding): 'here' | 'cluster' | 'elsewhere' => {
    // A remark of the audit is no proof of anything.
    if (path === undefined) return finding.severity === 'error' ? 'here' : 'cluster';
    if (finding.subjects.some((subject) => path.own.has(subject))) return finding.severity === 'info' ? 'cluster' : 'here';
    return finding.subjects.some((subject) => SHARED.test(subject)) || (!path.sure && finding.subjects.some((subject) => subject.startsWith('Node '))) ? 'cluster' : 'elsewhere';
  };
  const here = path === undefined ? [] : findings.filter((finding) => whereOf(finding) === 'here');
  const all = findings.map((finding) => { const where = whereOf(finding); return { where, finding, some: where === 'here' && path !== undefined && isOfSome(here, path) }; });
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
    else if (found?.some === true) facts.set(`rule:${rule}`, { ...fact('here', `${rule}: ${found.finding.summary} (some of ${scene.ends.pods.length} pods at the other end)`, ...found.finding.evidence.slice(0, 3)), weak: 'one-of-several' });
    else if (found !== undefined) facts.set(`rule:${rule}`, fact(found.where, `${rule}: ${found.finding.summary}${found.where === 'elsewhere' ? ' (not on this path)' : ''}`, ...found.finding.evidence.slice(0, 3)));
    // What is about clusters of another kind finds nothing here.
    else if (verdict === 'pass' || verdict === 'skip') {
      const nothing = fact('pass', verdict === 'pass' ? `${rule} found nothing` : `${rule} does not apply: ${why ?? ''}`, { source: `audit rule ${rule}`, excerpt: verdict, level: 'derived' });
      facts.set(`rule:${rule}`, sawAll(rule, scene) ? nothing : { ...nothing, weak: 'incomplete' });
    }
    else facts.set(`rule:${rule}`, unseen(why ?? `${rule} could not be judged`, `fairlead audit --only ${rule} --via pod`));
  }
  return facts;
}
