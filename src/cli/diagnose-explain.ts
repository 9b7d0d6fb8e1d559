/** `fairlead diagnose explain`: what a fault is, how it shows, what tells it from others, what mends it. */
import { packageVersion } from '../core/package-root.ts';
import { explained } from '../diagnose/explain/explained.ts';
import { findFault } from '../diagnose/explain/find.ts';
import { faultMarkdown, faultsMarkdown, faultsText, faultText } from '../diagnose/explain/page.ts';
import { faultsSchema } from '../diagnose/explain/schema.ts';
import { KNOWN_FAULTS } from '../diagnose/faults/faults.ts';
import { textOption } from './options.ts';
import type { Verb, VerbContext } from './verb.ts';

function rendered(ctx: VerbContext): string {
  const { fault: id } = ctx.args;
  const format = textOption(ctx, 'output');
  const fault = typeof id === 'string' ? findFault(id) : undefined;
  if (format === 'json') return `${JSON.stringify(faultsSchema.parse({ version: 1, tool: packageVersion(), faults: (fault === undefined ? KNOWN_FAULTS : [fault]).map(explained) }), null, 2)}\n`;
  if (fault === undefined) return format === 'markdown' ? faultsMarkdown({ linked: false }) : faultsText();
  return format === 'markdown' ? faultMarkdown(explained(fault)) : faultText(explained(fault));
}

export const explain: Verb = {
  name: 'explain',
  summary: 'what a fault is, how it shows, what tells it from others, what mends it',
  description:
    'Prints the page of a fault of the knowledge base: how it shows to clients, what speaks for it and against it, what refutes and what proves it, which observations tell it from others and what they cost, popular mistakes about it, what mends it and how to verify that. Without a fault: all that are known, by family.',
  arguments: [{ name: 'FAULT', description: 'its id or name, such as K1 or service-without-endpoints', required: false }],
  options: [{ flags: '-o, --output <format>', description: 'format', choices: ['text', 'json', 'markdown'], default: 'text' }],
  examples: [
    { command: 'fairlead diagnose explain P3', description: 'the page of one fault' },
    { command: 'fairlead diagnose explain', description: 'all faults, by family' },
  ],
  run(ctx) {
    ctx.stdout(rendered(ctx));
    return Promise.resolve();
  },
};
