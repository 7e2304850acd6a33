/** Text that is HTML already. Made only by {@link html}, so that nothing else gets into a page unescaped. */
export class Markup {
  /** @internal */
  constructor(readonly text: string) {}
}

export type Content = Markup | string | number | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A piece of HTML; what is put into it is text, unless it is such a piece itself, or a list of them. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const text = contents.map((content, index) => escapeContent(content) + (parts[index + 1] ?? ''));
  return new Markup((parts[0] ?? '') + text.join(''));
}

function escapeContent(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(escapeContent).join('');
  return String(content).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
