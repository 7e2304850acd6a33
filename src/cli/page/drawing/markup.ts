/** Text that is already HTML. Only {@link html} makes it, so that nothing else gets into a page unescaped. */
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

/** A piece of HTML; inserted values are text, unless they are such pieces themselves, or lists of them. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const text = contents.map((content, index) => escapeContent(content) + (parts[index + 1] ?? ''));
  return new Markup((parts[0] ?? '') + text.join(''));
}

function escapeContent(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(escapeContent).join('');
  return String(content).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
