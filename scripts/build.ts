/** Makes dist/: the program and the probe agent as bundles, the data files that they read, and the licences of what they contain. */
import { existsSync } from 'node:fs';
import { cp, glob, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { build, type BuildOptions, type Metafile } from 'esbuild';

import { packageRoot } from '../src/core/package-root.ts';

const root = packageRoot();
const dist = join(root, 'dist');
/** Filled first and then put in dist's place, so that a lab that runs meanwhile finds a whole dist. */
const staging = join(root, 'dist-new');

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node22.19',
  format: 'esm',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

// Libraries in CommonJS call require(), which an ES module has not.
const requireBanner = { js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);" };

await rm(staging, { recursive: true, force: true });
const program = await build({
  ...common,
  entryPoints: { main: 'src/main.ts' },
  outdir: staging,
  // Every verb is a chunk of its own, loaded when it is called.
  splitting: true,
  chunkNames: '[name]-[hash]',
  // Only a checkout bundles the agent while it runs.
  external: ['esbuild'],
  banner: requireBanner,
});
const inputs = new Map(Object.entries(program.metafile?.inputs ?? {}));

const agent = 'src/probe/agent/main.ts';
if (existsSync(join(root, agent))) {
  // One file: it is copied into an image alone.
  const made = await build({ ...common, entryPoints: [agent], outfile: join(staging, 'agent.mjs') });
  for (const [path, input] of Object.entries(made.metafile?.inputs ?? {})) inputs.set(path, input);
}

await copyData();
await writeFile(join(staging, 'THIRD-PARTY-LICENSES.txt'), await licences(inputs));
await rm(dist, { recursive: true, force: true });
await rename(staging, dist);

/**
 * Folders of files that the program reads at run time, `./<folder>` of the module that reads them. All
 * modules of the bundle lie directly in dist, and so do these folders there.
 */
async function copyData(): Promise<void> {
  for await (const folder of glob(['src/lab/components', 'src/cni/*/manifests'], { cwd: root })) {
    await cp(join(root, folder), join(staging, basename(folder)), {
      recursive: true,
      // Two modules with a file of the same name would read each other's.
      errorOnExist: true,
      force: false,
      filter: (path) => !/\.ts$|_test\.go$|\/testdata$/.test(path),
    });
  }
}

/** The licence texts of every package that went into the bundles, as their authors ask. */
async function licences(bundled: ReadonlyMap<string, Metafile['inputs'][string]>): Promise<string> {
  const packages = new Set([...bundled.keys()].flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  const parts: string[] = [];
  for (const folder of [...packages].toSorted()) {
    const manifest = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8')) as { name: string; version: string; license?: string };
    const files = (await readdir(join(root, folder))).filter((file) => /^(licen[cs]e|notice)/i.test(file));
    const texts = await Promise.all(files.toSorted().map(async (file) => readFile(join(root, folder, file), 'utf8')));
    parts.push(`${manifest.name} ${manifest.version} (${manifest.license ?? 'no licence named'})\n\n${texts.join('\n').trim()}\n`);
  }
  return `fairlead contains code of these packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
