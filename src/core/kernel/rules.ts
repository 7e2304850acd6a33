import * as z from 'zod';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import { parseJsonOf } from '../values/json.ts';

/** A rule that says in which table a packet’s route is looked up (ip-rule(8)). */
export interface PolicyRule {
  readonly priority: number;
  /** Undefined if there is no route for such a packet. */
  readonly table: number | undefined;
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

/** rtnetlink(7): RTN_UNREACHABLE, with and without names. */
const UNREACHABLE = ['7', 'unreachable'];
/** A name where a number is expected belongs to a rule of nobody’s concern. */
const number = z.union([z.string(), z.number()]).transform(Number);
const ruleSchema = z.array(
  z.looseObject({
    priority: z.number(),
    table: number.optional(),
    protocol: number.optional(),
    action: z.string().optional(),
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
/** IANA’s. A machine need not have the file of their names, /etc/protocols. */
const NUMBERS = { udp: 17, tcp: 6 } as const;
/** Without names iproute2 6.1 prints `ipproto-17`. */
const TRANSPORTS = { 'ipproto-17': 'udp', 'ipproto-6': 'tcp', 17: 'udp', 6: 'tcp', udp: 'udp', tcp: 'tcp' } as const;

/**
 * Parses `ip -N -json rule show`. Leaves out rules of the kernel’s own, which have no protocol, and those that neither
 * name a table nor say that there is no route.
 * @throws InputError for any other text.
 */
export function parseRules(text: string): PolicyRule[] {
  return parseJsonOf(ruleSchema, text, 'the rules').flatMap((read) => {
    const { priority, protocol, action = '' } = read;
    const isUnreachable = UNREACHABLE.includes(action);
    const table = isUnreachable ? undefined : read.table;
    if (!isNumber(protocol) || !(isUnreachable || isNumber(table))) return [];
    return { priority, table, protocol, ...readSelectors(read) };
  });
}

function readSelectors(read: z.infer<typeof ruleSchema>[number]): Partial<PolicyRule> {
  const { src = 'all', fwmark, oif, dport, uid_start: uid, suppress_prefixlen: bits } = read;
  const transport = TRANSPORTS[read.ipproto as keyof typeof TRANSPORTS];
  return {
    ...(read.not === null && { isNot: true }),
    ...(src !== 'all' && { from: parseIpAddress(src) }),
    ...(fwmark !== undefined && { mark: fwmark }),
    ...(oif !== undefined && { device: oif }),
    ...(transport !== undefined && { transport }),
    ...(dport !== undefined && { port: dport }),
    ...(uid !== undefined && { uid }),
    ...(bits !== undefined && { suppressedBits: bits }),
  };
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined && !Number.isNaN(value);
}

/** What follows `ip rule add` and `ip rule del`; equal for equal rules. */
export function formatRule({ priority, table, protocol, isNot, ...rule }: PolicyRule): string {
  const selectors = [
    ['from', rule.from],
    ['fwmark', rule.mark],
    ['oif', rule.device],
    ['ipproto', rule.transport && NUMBERS[rule.transport]],
    ['dport', rule.port],
    ['uidrange', rule.uid === undefined ? undefined : `${rule.uid}-${rule.uid}`],
    [table === undefined ? 'unreachable' : 'lookup', table ?? ''],
    ['suppress_prefixlength', rule.suppressedBits],
    ['protocol', protocol],
  ];
  const words = selectors
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${value}`.trimEnd());
  return [`pref ${priority}`, ...(isNot ? ['not'] : []), ...words].join(' ');
}
