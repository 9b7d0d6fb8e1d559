/** `fairlead.yaml`: how nodes are reached, in a file of Fairlead's own. */
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { UsageError } from '../../../core/errors.ts';
import { secretReference } from '../../../core/secret-reference.ts';
import type { Inventory, InventoryHost } from './inventory.ts';

const port = z.int().min(1).max(65_535);
const login = { user: z.string().min(1).optional(), port: port.optional(), identityFile: z.string().min(1).optional(), jump: z.string().min(1).optional() };

const schema = z.strictObject({
  /** What holds for every host that does not say otherwise. */
  ssh: z.strictObject({ ...login, config: z.string().min(1).optional(), sudoPassword: z.string().optional() }).optional(),
  nodes: z.record(z.string().min(1), z.strictObject({ host: z.string().min(1).optional(), ...login }).nullable()),
});

/** Reads it; paths are relative to the file. Errors: UsageError with file, line and the path in the document. */
export function fairleadHosts(file: string, text: string): Inventory {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  const [broken] = document.errors;
  if (broken) throw new UsageError(`${at(broken.pos[0])}: this is not YAML: ${broken.message.split('\n')[0]?.replace(/ at line \d+.*$/, '')}`);
  const line = (path: readonly PropertyKey[]): string => {
    // The deepest part of the path that is there has a position.
    for (let depth = path.length; depth > 0; depth -= 1) {
      const found = document.getIn(path.slice(0, depth), true) as { range?: [number] } | undefined;
      if (found?.range) return at(found.range[0]);
    }
    return `${file}:1`;
  };
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : (issue?.path ?? []);
    throw new UsageError(`${line(path)}: ${path.join('.')}: ${issue?.code === 'unrecognized_keys' ? 'is not known here' : (issue?.message ?? 'is wrong')}`, { hint: 'docs/guides/reaching-nodes.md shows what may stand there.' });
  }
  const { ssh = {}, nodes } = parsed.data;
  const path = (name: string): string => (name.startsWith('~/') ? join(homedir(), name.slice(2)) : resolve(dirname(file), name));
  const host = (entry: InventoryHost): InventoryHost => (entry.identityFile === undefined ? entry : { ...entry, identityFile: path(entry.identityFile) });
  const { config, sudoPassword, ...everywhere } = ssh;
  return {
    file,
    hosts: new Map(Object.entries(nodes).map(([name, entry]) => [name, host(present({ ...everywhere, ...entry }))])),
    ...(config === undefined ? {} : { config: path(config) }),
    ...(sudoPassword === undefined ? {} : { sudoPassword: secretReference(sudoPassword, `${line(['ssh', 'sudoPassword'])}: ssh.sudoPassword`) }),
  };
}

/** Without the keys that zod keeps for what is absent. */
function present(entry: { [Key in keyof InventoryHost]?: InventoryHost[Key] | undefined }): InventoryHost {
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
}
