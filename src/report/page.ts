/** Pages that are made from data: as Markdown for docs/ and for tickets, as text for a terminal. Pages of rules and of faults are of these. */
import type { Fix } from '../core/finding.ts';
import { wrap } from './wrap.ts';

export interface Item { text: string; /** Shown as it is, below the text. */ code?: string }

/** A paragraph, a list, or something to copy. `lead`: the words that it begins with, in bold. */
export type Block = { lead?: string; text: string } | { lead: string; items: readonly Item[] } | { lead: string; code: string; language: string };

export interface Page { title: string; blocks: readonly Block[] }

const GENERATED = 'Made from the code by `npm run generate`; do not edit.';

/** What is to be done, as a block of a page; none where there is nothing. */
export function fixBlocks(lead: string, fixes: readonly Fix[]): Block[] {
  return fixes.length === 0 ? [] : [{ lead, items: fixes.map(({ what, command }) => ({ text: what, ...(command === undefined ? {} : { code: command }) })) }];
}

const indented = (text: string, by: number): string => text.split('\n').map((line) => `${' '.repeat(by)}${line}`).join('\n');

function markdownOf(block: Block): string {
  if ('text' in block) return `${block.lead === undefined ? '' : `**${block.lead}.** `}${block.text}`;
  if ('code' in block) return `**${block.lead}.**\n\n\`\`\`${block.language}\n${block.code}\n\`\`\``;
  return `**${block.lead}.**\n\n${block.items.map(({ text, code }) => `- ${text}${code === undefined ? '' : `\n\n  \`\`\`\n${indented(code, 2)}\n  \`\`\``}`).join('\n')}`;
}

/** As Markdown. `generated`: with the line that says where such files come from. */
export function pageMarkdown({ title, blocks }: Page, { generated }: { generated: boolean }): string {
  return `${[`# ${title}`, ...(generated ? [GENERATED] : []), ...blocks.map(markdownOf)].join('\n\n')}\n`;
}

/** Markdown of an index: a heading and sections. `generated`: as for a page. */
export function indexMarkdown(title: string, { generated }: { generated: boolean }, sections: readonly (readonly string[])[]): string {
  return `${[[`# ${title}`], ...(generated ? [[GENERATED]] : []), ...sections].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function textOf(block: Block): string {
  if ('text' in block) return wrap(`${block.lead === undefined ? '' : `${block.lead}: `}${block.text}`, 0);
  if ('code' in block) return `${block.lead}:\n${indented(block.code, 4)}`;
  return `${block.lead}:\n${block.items.map(({ text, code }) => `  - ${wrap(text, 4)}${code === undefined ? '' : `\n${indented(code, 6)}`}`).join('\n')}`;
}

/** As text for a terminal. */
export function pageText({ title, blocks }: Page): string {
  return `${[title, ...blocks.map(textOf)].join('\n\n')}\n`;
}
