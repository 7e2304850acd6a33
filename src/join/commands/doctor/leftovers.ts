import * as z from 'zod';
import { deriveInterface, type Instance } from '../../../core/client/instance.ts';
import { parseJsonOf } from '../../../core/values/json.ts';
import { run } from '../../../system/run/run.ts';
import { type Finding, finding } from './finding.ts';

const ALIAS = 'wgkex-client';
const PROTOCOL = '119';
const FAMILIES = ['-4', '-6'] as const;

const linksSchema = z.array(z.looseObject({ ifname: z.string(), ifalias: z.string().optional() }));
const rulesSchema = z.array(z.looseObject({ priority: z.int(), protocol: z.union([z.string(), z.int()]).optional() }));

interface Rule {
  readonly family: (typeof FAMILIES)[number];
  readonly priority: number;
}

/** What wgkex-tunnel made in the kernel, whoever it was for. */
export interface Traces {
  readonly interfaces: readonly string[];
  readonly rules: readonly Rule[];
}

export async function readTraces(): Promise<Traces> {
  const links = parseLinks(await run('ip', ['-json', 'link', 'show']));
  const rules = FAMILIES.map(async (family) =>
    parseRules(await run('ip', [family, '-json', '-details', 'rule', 'show']), family),
  );
  return { interfaces: links, rules: (await Promise.all(rules)).flat() };
}

/** The interfaces with our alias. @throws InputError */
export function parseLinks(json: string): string[] {
  const links = parseJsonOf(linksSchema, json, 'the interfaces');
  return links.flatMap(({ ifname, ifalias }) => (ifalias === ALIAS ? [ifname] : []));
}

/** The rules with our protocol; without any rule, ip(8) prints nothing. @throws InputError */
export function parseRules(json: string, family: Rule['family']): Rule[] {
  const rules = json.trim() === '' ? [] : parseJsonOf(rulesSchema, json, 'the rules');
  return rules.flatMap(({ priority, protocol }) => (String(protocol) === PROTOCOL ? [{ family, priority }] : []));
}

/** What belongs to no tunnel: it was killed, or its file was removed by hand. */
export function judgeTraces({ interfaces, rules }: Traces, instances: readonly Instance[]): Finding[] {
  const known = instances.map(({ name }) => deriveInterface(name) as string);
  const orphans = interfaces.filter((name) => !known.includes(name));
  const needRules = instances.filter(({ traffic }) => traffic !== 'routes');
  const areNeeded = needRules.some(({ name }) => interfaces.includes(deriveInterface(name)));
  return [
    ...orphans.map((name) => finding('leftover-interface', `${name} belongs to no tunnel`, `ip link delete ${name}`)),
    ...(areNeeded ? [] : rules.map(describeRule)),
  ];
}

function describeRule({ family, priority }: Rule): Finding {
  const problem = `the rule ${priority} of IPv${family.slice(1)} belongs to no tunnel`;
  return finding('leftover-rule', problem, `ip ${family} rule delete priority ${priority}`);
}
