/** Documents say what is true: links lead somewhere, generated files are current, public schemas fit real output. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';

import { PUBLIC_SCHEMAS } from '../scripts/schemas.ts';
import { rulePages } from '../src/audit/page.ts';
import { RULES } from '../src/audit/rules.ts';
import { cliReference } from '../src/cli/reference.ts';
import { faultPages } from '../src/diagnose/explain/page.ts';
import { VERBS } from '../src/cli/verbs.ts';
import { packageRoot } from '../src/core/package-root.ts';
import { runProcess } from '../src/core/process.ts';

const root = packageRoot();
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string>; devDependencies: Record<string, string> };
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });

describe('pages', () => {
  it.each(pages)('%s links to files that are there', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
  });

  it('name npm scripts that exist', () => {
    const named = pages.flatMap((page) => [...read(page).matchAll(/npm run ([a-z][\w:-]*)/g)].map((match) => match[1] ?? ''));
    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it('name verbs that exist', () => {
    const named = pages.flatMap((page) => [...read(page).matchAll(/npx fairlead ([a-z]+)/g)].map((match) => match[1] ?? ''));
    expect(named.filter((name) => !VERBS.some((verb) => verb.name === name))).toEqual([]);
  });

  it('give every dependency a line, and no line to others', () => {
    const first = read('docs/decisions/dependencies.md').split('\n').map((line) => line.split('|')[1] ?? '');
    const listed = first.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
    expect(listed.toSorted()).toEqual(Object.keys(manifest.devDependencies).toSorted());
  });

  it('point contributors to places that exist', () => {
    const places = [...read('CONTRIBUTING.md').matchAll(/`((?:src|test|scripts|docs)\/[^`<*]*)`/g)].map((match) => match[1] ?? '');
    expect(places.filter((place) => !existsSync(join(root, place)))).toEqual([]);
    expect(places.length).toBeGreaterThan(10);
  });
});

describe('generated files', () => {
  it('docs/reference/cli.md is that of the verbs (npm run generate)', { timeout: 120_000 }, async () => {
    const verbs = await Promise.all(VERBS.map(async (entry) => entry.load()));
    expect(read('docs/reference/cli.md')).toBe(cliReference(verbs));
  });

  it.each([['rules', rulePages(RULES)], ['faults', faultPages()]])('docs/%s/ has their pages, and no others (npm run generate)', (dir, made) => {
    expect(globSync('*.md', { cwd: join(root, 'docs', dir) }).toSorted()).toEqual([...made.keys()].toSorted());
    expect([...made].filter(([name, text]) => read(`docs/${dir}/${name}`) !== text).map(([name]) => name)).toEqual([]);
  });

  it.each(Object.entries(PUBLIC_SCHEMAS))('docs/schemas/%s.json is that of the code (npm run generate)', (name, schema) => {
    expect(JSON.parse(read(`docs/schemas/${name}.json`))).toEqual(JSON.parse(JSON.stringify(schema)));
  });
});

describe('public schemas', () => {
  it('fit what doctor prints', async () => {
    const ran = await runProcess([process.execPath, 'src/main.ts', 'doctor', '--output', 'json'], { cwd: root });
    const validate = new Ajv2020({ strict: true }).compile(JSON.parse(read('docs/schemas/doctor.v1.json')) as object);
    validate(JSON.parse(Buffer.from(ran.stdout).toString()));
    expect(validate.errors).toBeNull();
  });
});
