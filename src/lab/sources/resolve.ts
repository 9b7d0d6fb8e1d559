/** Decides for every program of a lab where it comes from, and gets it: given, on PATH, released, built. */
import { resolve } from 'node:path';
import { EnvironmentError, UsageError } from '../../core/errors.ts';
import { buildFamily, locateBuild } from './build.ts';
import type { DownloadOptions } from './download.ts';
import { UnavailableError } from './download.ts';
import { FAMILY_NAMES, familyOf, loadFamily, programVersions } from './families.ts';
import type { FamilyName } from './families.ts';
import { exists } from './files.ts';
import { judge, lookUp, searchPath } from './find.ts';
import { goArchitecture } from './go-toolchain.ts';
import { COMPONENT_NAMES, fileNameOf, K3S_VERSION, KUBERNETES_VERSION } from './names.ts';
import type { ComponentName } from './names.ts';
import type { OnSourceEvent, SourceOrigin } from './progress.ts';
import { installRelease, releaseDirectory } from './release-install.ts';
import { releaseOf } from './releases.ts';
import { versionRule } from './versions.ts';

/** A program of the lab: an absolute path to an executable file, and where it is from. */
export interface ComponentSource {
  name: ComponentName;
  path: string;
  from: SourceOrigin;
  /** Without a leading `v`; `own` for the lab's own programs. */
  version: string;
}

export interface ResolveOptions {
  /** A directory of the user's (`--components`), asked before anything else. */
  directory?: string | undefined;
  /** The tool's cache; releases and built programs go below it. */
  cacheDir: string;
  /** Base of a release mirror (`--release-base`, FAIRLEAD_RELEASE_BASE); giving one asks for releases. */
  releaseBase?: string | undefined;
  /** Ask the official release hosts (`--releases`). Off by default: building from pins is reproducible. */
  releases?: boolean | undefined;
  /** A genuine K3s binary (`--k3s`), the component `k3s-release`. */
  k3s?: string | undefined;
  onProgress: OnSourceEvent;
  signal?: AbortSignal | undefined;
  /** The PATH to search; the process' own unless given. */
  path?: string | undefined;
  /** The folder of the Go modules; the repository's own unless given. */
  componentsRoot?: string | undefined;
  download?: Partial<Pick<DownloadOptions, 'answerWithinMs' | 'stallMs' | 'attempts'>> | undefined;
}

/** Debian packages of what is never built. */
const PACKAGES: Partial<Record<ComponentName, string>> = {
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
  containerd: 'containerd',
  'containerd-shim-runc-v2': 'containerd',
  ctr: 'containerd',
  runc: 'runc',
};

/** Why each source did not serve, for the error about what is missing. */
type Reasons = Map<ComponentName, string[]>;

/**
 * Finds or makes every named program. Order: the user's directory, PATH (when of a usable version),
 * official releases (when asked for), a build from the pinned Go modules. Throws UsageError for a
 * `--k3s` file of the wrong version, EnvironmentError for what cannot be had from anywhere, for a
 * wrong checksum and for a failed build, and the signal's reason when aborted.
 */
export async function resolveComponents(
  names: readonly ComponentName[],
  options: ResolveOptions,
): Promise<Map<ComponentName, ComponentSource>> {
  const wanted = [...new Set(names)];
  const sources = new Map<ComponentName, ComponentSource>();
  const reasons: Reasons = new Map(wanted.map((name) => [name, []]));
  const settle = (source: ComponentSource) => {
    sources.set(source.name, source);
    options.onProgress({ kind: 'found', component: source.name, from: source.from, path: source.path, version: source.version });
  };
  const open = () => wanted.filter((name) => !sources.has(name));

  for (const source of await findOnMachine(open(), options, reasons)) settle(source);
  if (releasesAsked(options)) {
    for (const source of await fetchReleases(open(), options, reasons)) settle(source);
  }
  const missing = open().filter((name) => familyOf(name) === undefined);
  if (missing.length > 0) throw cannotBeHad(missing, reasons, options);
  for (const family of FAMILY_NAMES) {
    const members = open().filter((name) => familyOf(name) === family);
    if (members.length === 0) continue;
    const built = await buildFamily(await loadFamily(family, options.componentsRoot), options);
    for (const name of members) {
      const version = built.programs.get(name);
      if (version === undefined) throw new Error(`the module ${family} builds no ${name}`);
      settle({ name, path: resolve(built.directory, name), from: 'built', version });
    }
  }
  return new Map(wanted.map((name) => [name, sources.get(name)!]));
}

/** The genuine K3s binary, if there is one: `--k3s`, the user's directory, PATH, or releases when asked for. */
export async function findK3s(options: ResolveOptions): Promise<ComponentSource | undefined> {
  const reasons: Reasons = new Map([['k3s-release', []]]);
  const [found] = await findOnMachine(['k3s-release'], options, reasons);
  if (found) return found;
  if (!releasesAsked(options)) return undefined;
  return (await fetchReleases(['k3s-release'], options, reasons))[0];
}

/** Where a program would come from, without fetching or building anything. */
export interface ComponentOutlook {
  name: ComponentName;
  source: ComponentSource | undefined;
  /** What would be done, or why nothing can be. */
  outlook: 'there' | 'would be downloaded' | 'would be built' | 'cannot be had';
  reasons: string[];
}

/** Looks at every named program as resolveComponents would, and changes nothing; for `fairlead doctor`. */
export async function listComponents(
  options: ResolveOptions,
  names: readonly ComponentName[] = COMPONENT_NAMES.filter((name) => name !== 'k3s-release'),
): Promise<ComponentOutlook[]> {
  const reasons: Reasons = new Map(names.map((name) => [name, []]));
  const found = new Map((await findOnMachine(names, options, reasons)).map((source) => [source.name, source]));
  const builds = new Map<FamilyName, FamilyOutlook | Error>();
  const outlooks: ComponentOutlook[] = [];
  for (const name of names) {
    let source = found.get(name);
    let outlook: ComponentOutlook['outlook'] = 'there';
    const goarch = goArchitecture();
    const release = releasesAsked(options) ? releaseOf(name, goarch) : undefined;
    if (!source && release) {
      const directory = releaseDirectory(release, { cacheDir: options.cacheDir, goarch });
      if (await exists(directory)) {
        source = { name, path: resolve(directory, fileNameOf(name)), from: 'release', version: release.version };
      } else {
        outlook = 'would be downloaded';
      }
    }
    const family = familyOf(name);
    if (!source && !release && family) {
      const build = builds.get(family) ?? (await outlookOfFamily(family, options));
      builds.set(family, build);
      if (build instanceof Error) reasons.get(name)!.push(build.message);
      else if (build.ready) source = { name, path: resolve(build.directory, name), from: 'built', version: build.versions.get(name) ?? 'own' };
      outlook = build instanceof Error ? 'cannot be had' : 'would be built';
    } else if (!source && !release) {
      outlook = 'cannot be had';
    }
    outlooks.push({ name, source, outlook: source ? 'there' : outlook, reasons: reasons.get(name)! });
  }
  return outlooks;
}

interface FamilyOutlook {
  directory: string;
  ready: boolean;
  /** Program → version. */
  versions: Map<string, string>;
}

async function outlookOfFamily(name: FamilyName, options: ResolveOptions): Promise<FamilyOutlook | Error> {
  try {
    const family = await loadFamily(name, options.componentsRoot);
    return { ...(await locateBuild(family, options)), versions: programVersions(family) };
  } catch (error) {
    if (error instanceof EnvironmentError) return error;
    throw error;
  }
}

function releasesAsked(options: ResolveOptions): boolean {
  return options.releases === true || options.releaseBase !== undefined;
}

async function findOnMachine(
  names: readonly ComponentName[],
  options: ResolveOptions,
  reasons: Reasons,
): Promise<ComponentSource[]> {
  const found = await Promise.all(names.map((name) => findOne(name, options, reasons)));
  return found.filter((source) => source !== undefined);
}

async function findOne(
  name: ComponentName,
  options: ResolveOptions,
  reasons: Reasons,
): Promise<ComponentSource | undefined> {
  if (name === 'k3s-release' && options.k3s !== undefined) return givenK3s(resolve(options.k3s));
  const places: { from: SourceOrigin; directories: string[] }[] = [];
  if (options.directory !== undefined) places.push({ from: 'directory', directories: [resolve(options.directory)] });
  if (versionRule(name)?.onPath === true) {
    places.push({ from: 'path', directories: searchPath(options.path ?? process.env['PATH']) });
  }
  for (const { from, directories } of places) {
    const { found, passedOver } = await lookUp(name, directories);
    for (const { path, reason } of passedOver) {
      options.onProgress({ kind: 'passed-over', component: name, path, reason });
      reasons.get(name)?.push(`${path} is not used: ${reason}`);
    }
    if (found) return { name, from, ...found };
  }
  return undefined;
}

/** A file that the user named is used or refused, never passed over. */
async function givenK3s(path: string): Promise<ComponentSource> {
  const judged = await judge('k3s-release', path);
  if ('version' in judged) return { name: 'k3s-release', from: 'directory', ...judged };
  throw new UsageError(`--k3s ${path} cannot be used: ${judged.reason}.`, { hint: `Give a K3s of ${KUBERNETES_VERSION.replace(/\.\d+$/, '')}.x for this machine, such as ${K3S_VERSION} from https://github.com/k3s-io/k3s/releases.` });
}

async function fetchReleases(
  names: readonly ComponentName[],
  options: ResolveOptions,
  reasons: Reasons,
): Promise<ComponentSource[]> {
  const goarch = goArchitecture();
  const fetched: ComponentSource[] = [];
  const failed = new Map<string, string>();
  const silentHosts = new Map<string, string>();
  for (const name of names) {
    const release = releaseOf(name, goarch);
    if (!release) continue;
    const host = options.releaseBase ?? release.file.split('/')[0]!;
    const known = failed.get(release.name) ?? silentHosts.get(host);
    if (known !== undefined) {
      reasons.get(name)?.push(known);
      continue;
    }
    try {
      const directory = await installRelease(release, {
        cacheDir: options.cacheDir,
        base: options.releaseBase,
        goarch,
        onProgress: options.onProgress,
        signal: options.signal,
        ...(options.download ? { download: options.download } : {}),
      });
      fetched.push({ name, path: resolve(directory, fileNameOf(name)), from: 'release', version: release.version });
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      const reason = `release not available: ${error.message} (${error.url})`;
      failed.set(release.name, reason);
      if (error.hostDown) silentHosts.set(host, reason);
      reasons.get(name)?.push(reason);
      options.onProgress({ kind: 'release-unavailable', what: release.name, url: error.url, reason: error.message });
    }
  }
  return fetched;
}

function cannotBeHad(names: readonly ComponentName[], reasons: Reasons, options: ResolveOptions): EnvironmentError {
  const lines = names.map((name) => {
    const why = reasons.get(name) ?? [];
    return `  ${fileNameOf(name)}: ${why.length > 0 ? why.join('; ') : 'not found on PATH'}`;
  });
  const packages = [...new Set(names.flatMap((name) => PACKAGES[name] ?? []))];
  const ways = [
    ...(packages.length > 0 ? [`install it (Debian: apt-get install ${packages.join(' ')})`] : []),
    'give it with --components DIR',
    ...(releasesAsked(options) ? [] : ['allow official releases with --releases']),
  ];
  return new EnvironmentError(`The lab needs programs that are not on this machine and are not built here:\n${lines.join('\n')}`, {
    hint: `${ways.join(', or ')}.`.replace(/^./, (letter) => letter.toUpperCase()),
  });
}
