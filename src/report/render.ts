/** One renderer per format. */
import { findingsReportSchema, type FindingsReport, type Format } from './document.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { renderSarif } from './sarif.ts';
import { renderText } from './text.ts';

/** The report in a format. Errors: ZodError (a bug) when it does not fit its own public schema. */
export function renderReport(report: FindingsReport, format: Format, options: { colour: boolean }): string {
  switch (format) {
    case 'text': return renderText(report, options);
    case 'json': return `${JSON.stringify(findingsReportSchema.parse(report), null, 2)}\n`;
    case 'markdown': return renderMarkdown(report);
    case 'html': return renderHtml(report);
    case 'junit': return renderJunit(report);
    case 'sarif': return renderSarif(report);
  }
}
