import { fold } from '../../terminal/words.ts';

type TomlValue = string | number | boolean | readonly string[] | { readonly weight: number };

/** A table of the configuration. */
export interface Table {
  readonly name: string;
  readonly settings: readonly (readonly [name: string, value: TomlValue])[];
  /** Behind `#`, for an operator who has to do something first. */
  readonly isOff?: boolean;
}

const COMMENT_COLUMNS = 118;

export function renderTable({ name, settings, isOff = false }: Table): string[] {
  const lines = [`[${name}]`, ...settings.map(([setting, value]) => `${setting} = ${renderValue(value)}`)];
  return isOff ? lines.map((line) => `#${line}`) : lines;
}

/** A comment; continuation lines begin with `margin`. */
export function renderComment(text: string, margin = ''): string[] {
  return fold(`# ${text}`, COMMENT_COLUMNS, `# ${margin}`);
}

/** A basic string of TOML is one of JSON, except for U+007F and halves of surrogate pairs; no setting has these. */
function renderValue(value: TomlValue): string {
  if (typeof value !== 'object') return JSON.stringify(value);
  if ('weight' in value) return `{ weight = ${value.weight} }`;
  return `[${value.map((one) => JSON.stringify(one)).join(', ')}]`;
}
