import { translateDomains } from './domains.ts';
import type { FfmucConfig } from './ffmuc-config.ts';
import { translateGateway, translateHttp } from './gateway.ts';
import { translateLog } from './log.ts';
import { translateMqtt } from './mqtt.ts';
import type { Note } from './part.ts';
import { renderComment, renderTable } from './toml.ts';
import { translateWorkers } from './workers.ts';

/** Ready to be printed. */
export interface Translation {
  /** Of wgkex.toml, with the notes as comments. */
  readonly lines: readonly string[];
  readonly notes: readonly Note[];
}

/**
 * The wgkex.toml of the machine that is called `host` in freifunkMUC's topics.
 * @throws InputError if a domain cannot be served as it is.
 */
export function translate(config: FfmucConfig, host: string): Translation {
  const parts = [
    ...[translateLog(config), translateGateway(config, host), translateHttp(config)],
    ...[translateMqtt(config), translateWorkers(config, host), translateDomains(config)],
  ];
  const unknown = config.unknown.map((setting) => ({ setting, text: 'not known, and left out' }));
  const notes = [...parts.flatMap((part) => part.notes), ...unknown];
  const tables = parts.flatMap((part) => part.tables);
  return { lines: [...renderHead(notes), ...tables.flatMap((table) => ['', ...renderTable(table)])], notes };
}

function renderHead(notes: readonly Note[]): string[] {
  const title = renderComment("From freifunkMUC's wgkex.yaml, by wgkex import-ffmuc. All settings: wgkex.toml(5)");
  if (notes.length === 0) return title;
  const items = notes.flatMap(({ setting, text }) => renderComment(`- ${setting}: ${text}`, '  '));
  return [...title, '#', ...renderComment('Not carried over, or to be looked at:'), ...items];
}

/** The document of `wgkex import-ffmuc --json`; its shape is fixed in wgkex(8). */
export function describeTranslation({ lines, notes }: Translation): object {
  return { configuration: lines.map((line) => `${line}\n`).join(''), notes };
}
