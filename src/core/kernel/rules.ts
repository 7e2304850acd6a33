import * as z from 'zod';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';

/** A rule that says in which table a packet’s route is looked up (ip-rule(8)). */
export interface PolicyRule {
  readonly priority: number;
  readonly table: number;
  readonly protocol: number;
  /** Whether it is for packets that do not match all of what follows. */
  readonly isNot?: boolean;
  /** One address. */
  readonly from?: IpAddress;
  /** As `ip` prints it: `0x7767`. */
  readonly mark?: string;
  /** Of programs that bind to it. */
  readonly device?: string;
  readonly transport?: 'udp' | 'tcp';
  readonly port?: number;
  /** Of the user who sends. */
  readonly uid?: number;
  /** Routes whose prefix has this length at most do not count. */
  readonly suppressedBits?: number;
}

/** A name where a number is expected belongs to a rule of nobody’s concern. */
const number = z.union([z.string(), z.number()]).transform(Number);
const ruleSchema = z.array(
  z.looseObject({
    priority: z.number(),
    table: number.optional(),
    protocol: number.optional(),
    not: z.null().optional(),
    src: z.string().optional(),
    fwmark: z.string().optional(),
    oif: z.string().optional(),
    ipproto: z.string().optional(),
    dport: z.number().optional(),
    uid_start: z.number().optional(),
    suppress_prefixlen: z.number().optional(),
  }),
);
/** IANA’s numbers: without names iproute2 6.1 prints `ipproto-17`. */
const TRANSPORTS = { 'ipproto-17': 'udp', 'ipproto-6': 'tcp', 17: 'udp', 6: 'tcp', udp: 'udp', tcp: 'tcp' } as const;

/**
 * Parses `ip -N -json rule show`. Leaves out rules of the kernel’s own, which have no protocol, and those that name no
 * table.
 * @throws InputError for any other text.
 */
export function parseRules(text: string): PolicyRule[] {
  return parseJsonOf(ruleSchema, text, 'the rules').flatMap((read) => {
    const { priority, table, protocol, src, fwmark, oif, dport, uid_start: uid, suppress_prefixlen: bits } = read;
    if (!isNumber(table) || !isNumber(protocol)) return [];
    const transport = TRANSPORTS[read.ipproto as keyof typeof TRANSPORTS];
    return {
      ...{ priority, table, protocol },
      ...(read.not === null && { isNot: true }),
      ...(src !== undefined && src !== 'all' && { from: parseIpAddress(src) }),
      ...(fwmark !== undefined && { mark: fwmark }),
      ...(oif !== undefined && { device: oif }),
      ...(transport !== undefined && { transport }),
      ...(dport !== undefined && { port: dport }),
      ...(uid !== undefined && { uid }),
      ...(bits !== undefined && { suppressedBits: bits }),
    };
  });
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined && !Number.isNaN(value);
}

/** What follows `ip rule add` and `ip rule del`; equal for equal rules. */
export function formatRule(rule: PolicyRule): string {
  const { priority, table, protocol, isNot, from, mark, device, transport, port, uid, suppressedBits } = rule;
  return [
    `pref ${priority}`,
    ...(isNot ? ['not'] : []),
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(mark === undefined ? [] : [`fwmark ${mark}`]),
    ...(device === undefined ? [] : [`oif ${device}`]),
    ...(transport === undefined ? [] : [`ipproto ${transport}`]),
    ...(port === undefined ? [] : [`dport ${port}`]),
    ...(uid === undefined ? [] : [`uidrange ${uid}-${uid}`]),
    `lookup ${table}`,
    ...(suppressedBits === undefined ? [] : [`suppress_prefixlength ${suppressedBits}`]),
    `protocol ${protocol}`,
  ].join(' ');
}
