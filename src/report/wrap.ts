/** Breaks long lines at blanks, for terminals. */

const WIDTH = 100;

/** The text in lines of at most 100 characters where its words allow it; lines after the first are indented by `indent` blanks, which count. Line breaks of the text become blanks. */
export function wrap(text: string, indent: number): string {
  const lines: string[] = [''];
  for (const word of text.replaceAll('\n', ' ').split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && indent + line.length + 1 + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}
