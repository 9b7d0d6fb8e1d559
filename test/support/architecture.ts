/** The rules of the house (docs/decisions/0002), as functions from source files to the sentences that say what breaks them. */
import { posix } from 'node:path';

import type { Import, SourceFile } from './source-file.ts';

export const MAX_LINES = 320;

const BASE = ['core', 'net'];
const MODEL = [...BASE, 'node', 'cluster', 'distro', 'cni'];

/** For each folder of src, the other folders that it may import. */
export const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  net: ['core'],
  report: ['core'],
  // A host may be reached through the API server.
  node: [...BASE, 'cluster'],
  cluster: BASE,
  distro: [...BASE, 'node', 'cluster'],
  cni: [...BASE, 'node', 'cluster', 'distro'],
  probe: [...BASE, 'node', 'cluster', 'report'],
  policy: [...MODEL, 'report'],
  packets: [...MODEL, 'report'],
  workloads: [...MODEL, 'report'],
  lab: [...MODEL, 'report'],
  audit: [...MODEL, 'report', 'policy'],
  diagnose: [...MODEL, 'report', 'packets', 'policy', 'probe', 'audit'],
  migrate: [...MODEL, 'report', 'probe', 'policy', 'workloads'],
  watch: [...MODEL, 'report', 'probe', 'audit'],
  // Puts the lab, the mesh and a migration together, as a user's own commands would.
  demo: [...MODEL, 'report', 'lab', 'probe', 'migrate', 'workloads'],
};

/** Folders whose code may name no CNI and no distribution; of `migrate`, all but its routes. */
const NAMELESS = ['core', 'net', 'node', 'cluster', 'probe', 'report', 'migrate'];
const ROUTES = 'src/migrate/routes/';
const NAMES = /flannel|calico|cilium|felix|k3s|kubeadm|rancher|rke2/i;

/** Libraries that only one folder may load, so that each stays replaceable. */
const KEPT_IN: Readonly<Record<string, string>> = { commander: 'src/cli/', '@kubernetes/client-node': 'src/cluster/' };

/** Tools ask for a default export. */
const DEFAULT_EXPORTS = ['vitest.config.ts', 'test/support/lab-runner.ts'];

/** Tests and what only they use. */
const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.startsWith('test/') || path.includes('/testing/');
const folderOf = (path: string): string | undefined => /^src\/([^/]+)\//.exec(path)?.[1];

/** The imported file's path in the repository; undefined for libraries. */
function target(file: SourceFile, imported: Import): string | undefined {
  return imported.from.startsWith('.') ? posix.join(posix.dirname(file.path), imported.from) : undefined;
}

/** Imports that go up, sideways or out of the house. */
export function importViolations(files: readonly SourceFile[]): string[] {
  return files.filter((file) => file.path.startsWith('src/') && !isTest(file.path)).flatMap((file) => file.imports.flatMap((one) => judge(file, one)));
}

function judge(file: SourceFile, imported: Import): string[] {
  const to = target(file, imported);
  const says = (why: string): string[] => [`${file.path} imports ${imported.from}: ${why}`];
  const inAgent = file.path.startsWith('src/probe/agent/');
  if (to === undefined) {
    if (inAgent && !imported.from.startsWith('node:')) return says('the probe agent has no libraries');
    const home = KEPT_IN[imported.from];
    return home === undefined || file.path.startsWith(home) ? [] : says(`only ${home} may`);
  }
  if (!to.startsWith('src/')) return says('it is outside src');
  if (isTest(to)) return says('it is there for tests alone');
  const [from, into] = [folderOf(file.path), folderOf(to)];
  if (from === undefined) return into === 'cli' || into === 'core' ? [] : says('main.ts knows cli and core alone');
  if (into === undefined) return says('nothing imports main.ts');
  if (inAgent && into === 'probe' && !to.startsWith('src/probe/agent/') && !imported.typeOnly) return says('the probe agent is bundled alone');
  if (inAgent && !['probe', ...BASE].includes(into)) return says('the probe agent knows core and net alone');
  if (from === into || from === 'cli') return [];
  const allowed = ALLOWED[from];
  if (allowed === undefined) return says(`src/${from} is not in the table of allowed imports`);
  if (file.path.startsWith('src/migrate/') && !file.path.startsWith(ROUTES) && (into === 'cni' || into === 'distro')) {
    return says('the migration engine knows no CNI and no distribution; its routes do');
  }
  return allowed.includes(into) ? [] : says(`src/${from} may import ${allowed.join(', ') || 'nothing else'}`);
}

/** CNIs and distributions named by code that must work for all of them. */
export function nameViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => NAMELESS.includes(folderOf(file.path) ?? '') && !isTest(file.path) && !file.path.startsWith(ROUTES))
    .flatMap((file) => {
      const named = new Set(file.words.filter((word) => NAMES.test(word)).map((word) => NAMES.exec(word)?.[0]));
      return [...named].map((name) => `${file.path} names ${name}`);
    });
}

/** Files that reach themselves through imports that run when they are loaded. */
export function cycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(
    files.map((file) => [file.path, file.imports.filter((one) => !one.typeOnly && !one.lazy).flatMap((one) => target(file, one) ?? [])]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) found.push(`import cycle: ${[...trail.slice(at), path].join(' → ')}`);
    if (at >= 0 || done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return found;
}

/** Too long files, default exports, barrels, and tests that are switched off or run alone. */
export function shapeViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const off = file.testModifiers.filter((name) => ['only', 'skip', 'todo'].includes(name));
    return [
      ...(file.lines > MAX_LINES ? [`${file.path} has ${file.lines} lines; at most ${MAX_LINES}`] : []),
      ...(file.defaultExport && !DEFAULT_EXPORTS.includes(file.path) ? [`${file.path} has a default export`] : []),
      ...(file.barrel ? [`${file.path} only re-exports`] : []),
      ...off.map((name) => `${file.path} uses .${name}`),
    ];
  });
}

/** The table itself must let no two verbs import each other. */
export function tableCycles(table: Readonly<Record<string, readonly string[]>>): string[] {
  return cycles(
    Object.entries(table).map(([name, allowed]) => ({
      path: name,
      lines: 0,
      imports: allowed.map((from) => ({ from: `./${from}`, typeOnly: false, lazy: false })),
      defaultExport: false,
      barrel: false,
      words: [],
      testModifiers: [],
    })),
  );
}
