import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'smol-toml';
import type * as z from 'zod';
import { leaseSettingsSchema, meshDomainSchema } from '../../src/config/domains.ts';
import { configSchema } from '../../src/config/schema.ts';

interface Setting {
  /** The table that it is in, empty for none. */
  readonly table: string;
  readonly name: string;
  /** As TOML has it; undefined where there is none. */
  readonly value: string | undefined;
}

const SETTINGS = listSettings();

test('docs/settings.md has each setting once, with its default; those of leases are in docs/members.md', () => {
  const text = read('docs/settings.md');
  const [, ofLeases = ''] = read('docs/members.md').split(/^## Settings$/m);
  const parts = [...text.split(/^`\[/m), `domains]${ofLeases.replace(/^## [\s\S]*/m, '')}`];
  const found = parts.flatMap((part, index) => {
    const [table = ''] = index === 0 ? [''] : part.split(']');
    const rows = part.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm);
    return [...rows].map(([, name, value = '']) => ({
      table: table.replace('.NAME', ''),
      name,
      value: readDefault(value),
    }));
  });
  // Its default is too wide for the table.
  const expected = SETTINGS.map((setting) =>
    setting.name === 'handler' ? { ...setting, value: 'see below' } : setting,
  );
  assert.deepEqual(found, expected);
  assert.ok(text.includes(`The default of \`handler\` is \`${findDefault('handler')}\``));
});

test('the file that the package brings has each setting, out of use, with its default', () => {
  const document = parse(read('etc/wgkex.toml').replace(/^#(?=\S)/gm, '')) as Record<string, unknown>;
  const { domains = {}, ...others } = document as { domains?: Record<string, object> };
  const tables = { ...others, domains: Object.assign({}, ...Object.values(domains)) };
  for (const { table, name, value } of SETTINGS) {
    const place = (table === '' ? tables : (tables as Record<string, object>)[table]) as Record<string, unknown>;
    assert.ok(place !== undefined && name in place, `${table} ${name}`);
    if (value !== undefined) assert.equal(toToml(place[name]), value, `${table} ${name}`);
  }
});

test('wgkex.toml(5) has each setting in the order of the schema, with its default', () => {
  const page = read('man/wgkex.toml.5').replaceAll('\\(dq', '"').replaceAll('\\-', '-').replaceAll('\\%', '');
  const found = [...page.matchAll(/^\.TP\n\.BR? (\w+)\n([\s\S]*?)(?=^\.TP|^\.SS|^\.SH)/gm)].map(
    ([, name, text = '']) => {
      const [, value] = text.match(/^Default:\n\.B (.*)$/m) ?? [];
      return { name, value };
    },
  );
  assert.deepEqual(
    found,
    SETTINGS.map(({ name, value }) => ({ name, value })),
  );
});

function listSettings(): Setting[] {
  const defaults = configSchema.parse({
    http: {},
    mqtt: { url: ['mqtt://localhost'] },
    mail: { from: 'a@b' },
  }) as unknown as Record<string, unknown>;
  defaults['mqtt'] = { ...(defaults['mqtt'] as object), url: undefined };
  defaults['mail'] = { ...(defaults['mail'] as object), from: undefined };
  const domain = meshDomainSchema.parse({ wireguard: 'wg', vxlan: 'vx' }) as Record<string, unknown>;
  const needed = { pool: ['10.66.0.0/24'], endpoint: 'vpn.example.org:1', allowed_ips: ['10.66.0.0/24'] };
  const leased = leaseSettingsSchema.parse(needed) as Record<string, unknown>;
  const { domains: _, ...top } = configSchema.shape;
  const tables = Object.entries(top).flatMap(([name, schema]): [string, z.ZodObject, unknown][] => {
    const inner = unwrap(schema);
    return inner === undefined ? [] : [[name, inner, defaults[name]]];
  });
  const single = Object.keys(top).filter((name) => !tables.some(([table]) => table === name));
  const all: [table: string, names: string[], values: Record<string, unknown>][] = [
    ['', single, { ...defaults, listen: ['[::]:10012'] }],
    ...tables.map(([name, { shape }, values]): (typeof all)[number] => [
      name,
      Object.keys(shape),
      values as Record<string, unknown>,
    ]),
    ['domains', Object.keys(meshDomainSchema.shape), { ...domain, wireguard: undefined, vxlan: undefined }],
    ['domains', Object.keys(leaseSettingsSchema.shape), { ...leased, ...withoutDefaults(needed) }],
  ];
  return all.flatMap(([table, names, values]) =>
    names.map((name) => ({ table, name, value: values[name] === undefined ? undefined : toToml(values[name]) })),
  );
}

function withoutDefaults(settings: object): Record<string, undefined> {
  return Object.fromEntries(Object.keys(settings).map((name) => [name, undefined]));
}

/** The object that a table's schema is, without what gives it its defaults. */
function unwrap(schema: unknown): z.ZodObject | undefined {
  const { def } = schema as { def: { type: string; innerType?: unknown } };
  if (def.type === 'object') return schema as z.ZodObject;
  return def.innerType === undefined ? undefined : unwrap(def.innerType);
}

function toToml(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(toToml).join(', ')}]` : JSON.stringify(value);
}

function readDefault(cell: string): string | undefined {
  const text = cell.trim().replaceAll('`', '');
  return text === '' || text === 'none' ? undefined : text;
}

function findDefault(name: string): string | undefined {
  return SETTINGS.find((setting) => setting.name === name)?.value;
}

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}
