/** The commands of the handbook, so that a test runs what a reader would run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../src/core/package-root.ts';

export interface HandbookCommand {
  /** The comment above it: `on the server`. */
  where: string;
  line: string;
}

/** The lines of the first block of commands below a heading of docs/guides/migration.md. Errors: Error when there is none. */
export function handbookCommands(heading: string): HandbookCommand[] {
  const text = readFileSync(join(packageRoot(), 'docs/guides/migration.md'), 'utf8');
  const [, below] = text.split(`\n### ${heading}\n`);
  const block = /^```sh\n([^]*?)^```$/m.exec(below?.split('\n### ')[0] ?? '')?.[1];
  if (block === undefined) throw new Error(`the handbook has no commands below "${heading}"`);
  let where = '';
  return block.split('\n').filter(Boolean).flatMap((line) => {
    if (!line.startsWith('# ')) return [{ where, line }];
    where = line.slice(2);
    return [];
  });
}
