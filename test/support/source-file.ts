/** Reads what the architecture rules need to know of one source file, from its syntax tree. */
import { parseAst } from 'vitest/node';

/** One `import`, `export … from` or `import()` of a file. */
export interface Import {
  from: string;
  /** Erased before the code runs. */
  typeOnly: boolean;
  /** `import('…')`, evaluated when it is reached. */
  lazy: boolean;
}

export interface SourceFile {
  path: string;
  lines: number;
  imports: Import[];
  defaultExport: boolean;
  /** Nothing but re-exports. */
  barrel: boolean;
  /** Identifiers and the texts of strings: the code without its comments. */
  words: string[];
  /** Member names called on `it`, `test`, `describe`: `only`, `each`, … */
  testModifiers: string[];
}

interface Node {
  type: string;
  [key: string]: unknown;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) value.forEach((item) => walk(item, visit));
  else if (isNode(value)) {
    visit(value);
    for (const child of Object.values(value)) walk(child, visit);
  }
}

const literal = (value: unknown): string | undefined => (isNode(value) && typeof value['value'] === 'string' ? value['value'] : undefined);

/** The leftmost name of `describe.concurrent.only`. */
function rootName(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type === 'MemberExpression') return rootName(node['object']);
  return node.type === 'CallExpression' ? rootName(node['callee']) : undefined;
}

function importsOf(node: Node): Import[] {
  const from = literal(node['source']);
  if (from === undefined) return [];
  if (node.type === 'ImportExpression') return [{ from, typeOnly: false, lazy: true }];
  const kind = node['importKind'] ?? node['exportKind'];
  const specifiers = Array.isArray(node['specifiers']) ? node['specifiers'].filter(isNode) : [];
  const allTypes = specifiers.length > 0 && specifiers.every((specifier) => (specifier['importKind'] ?? specifier['exportKind']) === 'type');
  return [{ from, typeOnly: kind === 'type' || allTypes, lazy: false }];
}

/** Parses one file. Errors: the parser's, naming the place. */
export function readSource(path: string, text: string): SourceFile {
  const tree = parseAst(text, { lang: 'ts' }, path) as unknown as { body: Node[] };
  const file: SourceFile = {
    path,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: [],
    defaultExport: tree.body.some((node) => node.type === 'ExportDefaultDeclaration'),
    barrel: tree.body.length > 0 && tree.body.every((node) => node.type.startsWith('Export') && isNode(node['source'])),
    words: [],
    testModifiers: [],
  };
  walk(tree.body, (node) => {
    if (['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType'].includes(node.type)) {
      file.imports.push(...importsOf(node).map((found) => (node.type === 'TSImportType' ? { ...found, typeOnly: true } : found)));
    }
    if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') file.words.push(String(node['name']));
    if (node.type === 'Literal' && typeof node['value'] === 'string') file.words.push(node['value']);
    if (node.type === 'Literal' && isRegex(node['regex'])) file.words.push(node['regex'].pattern);
    if (node.type === 'TemplateElement') file.words.push((node['value'] as { raw: string }).raw);
    if (node.type === 'MemberExpression' && isNode(node['property']) && ['it', 'test', 'describe'].includes(rootName(node) ?? '')) {
      file.testModifiers.push(String(node['property']['name']));
    }
  });
  return file;
}

function isRegex(value: unknown): value is { pattern: string } {
  return typeof value === 'object' && value !== null && 'pattern' in value;
}
