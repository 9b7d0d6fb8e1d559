/** Writes what is made from the code and committed: the reference of the command line, the schemas of JSON outputs, the pages of rules and faults, what the audit says of application stacks. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { rulePages } from '../src/audit/page.ts';
import { RULES } from '../src/audit/rules.ts';
import { auditStacks, stackPage } from '../src/audit/testing/stack-audit.ts';
import { cliReference } from '../src/cli/reference.ts';
import { VERBS } from '../src/cli/verbs.ts';
import { packageRoot } from '../src/core/package-root.ts';
import { faultPages } from '../src/diagnose/explain/page.ts';
import { PUBLIC_SCHEMAS } from './schemas.ts';

async function put(path: string, text: string): Promise<void> {
  const target = join(packageRoot(), path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, text);
}

await put('docs/reference/cli.md', cliReference(await Promise.all(VERBS.map(async (entry) => entry.load()))));
for (const [name, schema] of Object.entries(PUBLIC_SCHEMAS)) await put(`docs/schemas/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
for (const [name, text] of faultPages()) await put(`docs/faults/${name}`, text);
for (const [name, text] of rulePages(RULES)) await put(`docs/rules/${name}`, text);
await put('bench/AUDIT-STACKS.md', stackPage(await auditStacks()));
