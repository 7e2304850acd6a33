import type { IpAddress, Source } from '../core/values/ip-address.ts';
import type { PublicKey } from '../core/values/public-key.ts';
import type { RouterName } from '../core/values/router-name.ts';

/** The journal's priority, in words; `debug` is for the lines that `level = "debug"` adds. */
export type Priority = 'debug' | 'info' | 'warn' | 'error';

interface EventDefinition {
  readonly priority: Priority;
  /** All fields that a line of it may have. */
  readonly fields: readonly string[];
  /** The meaning for an operator; the table in the documents is made from it. */
  readonly meaning: string;
}

/** The types of fields that are more than a word or a number. */
interface FieldTypes {
  readonly key: PublicKey;
  /** Safe to print; only the operator's command knows it. */
  readonly name: RouterName;
  /** Addresses of people; shown as far as the configuration allows. */
  readonly from: IpAddress | Source;
}

const PEER = ['domain', 'address', 'key'] as const;

/** Those of a gateway or a front with `[mqtt]`. */
export const FLEET_EVENTS = {
  'mqtt connected': { priority: 'info', fields: ['on'], meaning: 'this machine is in the fleet' },
  'mqtt lost': { priority: 'warn', fields: ['reason'], meaning: 'no connection to the broker; own domains are served' },
  'mqtt problem': {
    priority: 'warn',
    fields: ['reason'],
    meaning: 'a setting that cannot work, or an ignored message',
  },
  unacknowledged: {
    priority: 'info',
    fields: ['domain', 'key', 'from'],
    meaning: 'published to workers of freifunkMUC, which do not say whether they took it',
  },
  'not served': {
    priority: 'warn',
    fields: ['domain', 'key', 'from', 'code'],
    meaning: 'none of the gateways that were asked took the key',
  },
} as const satisfies Readonly<Record<string, EventDefinition>>;

/** Those of domains that have leases. */
export const LEASE_EVENTS = {
  'lease overdue': {
    priority: 'info',
    fields: ['domain', 'lease', 'key'],
    meaning: 'its end date has passed; a later pass of the cleanup ends it',
  },
  'lease expired': {
    priority: 'info',
    fields: ['domain', 'lease', 'key'],
    meaning: 'it has ended; its tunnel goes down',
  },
  'no lease expires': {
    priority: 'warn',
    fields: ['domain', 'count', 'reason'],
    meaning: 'the end dates of `count` leases have passed by a clock that is not synchronised',
  },
  'lease granted': {
    priority: 'info',
    fields: ['domain', 'lease', 'by'],
    meaning: '`wgkex lease grant` or `import` made a lease',
  },
  'lease changed': {
    priority: 'info',
    fields: ['domain', 'lease', 'what', 'by'],
    meaning: '`what` an operator did: extended, released, rotated or revoked it',
  },
  'leases replaced': {
    priority: 'info',
    fields: ['keys', 'aside', 'by'],
    meaning: '`wgkex lease restore` replaced the table by one with `keys` leases; the former one is `aside`',
  },
} as const satisfies Readonly<Record<string, EventDefinition>>;

/** Those of wgkex-relay. */
export const RELAY_EVENTS = {
  'relay listening': { priority: 'info', fields: ['on', 'to'], meaning: 'the relay serves this address' },
  'relay connected': { priority: 'info', fields: ['on'], meaning: 'a client has its connection to the server' },
  'relay unreachable': {
    priority: 'warn',
    fields: ['on', 'reason'],
    meaning: 'a client cannot connect to the server; it tries again, at the latest after 60 s',
  },
  'relay closed': {
    priority: 'info',
    fields: ['from', 'on', 'seconds', 'received', 'sent', 'dropped', 'reason'],
    meaning: 'a connection ended; bytes of messages, and messages that were dropped',
  },
  'relay refused': {
    priority: 'info',
    fields: ['from', 'limit'],
    meaning: 'a new connection was closed at once: `limit` is the option that it hit',
  },
  'target unreachable': {
    priority: 'warn',
    fields: ['on', 'reason'],
    meaning: 'nothing listens where the messages go, or the machine cannot send there',
  },
} as const satisfies Readonly<Record<string, EventDefinition>>;

/** Those of wgkex-mail. */
export const MAIL_EVENTS = {
  'mail sent': { priority: 'info', fields: ['lease', 'kind'], meaning: 'the mail server took a letter' },
  'mail refused': {
    priority: 'warn',
    fields: ['lease', 'kind', 'reason'],
    meaning: 'one letter was refused or cannot be read; it is tried again later, the others are sent',
  },
  'mail delayed': {
    priority: 'warn',
    fields: ['reason'],
    meaning: 'no letter can be sent; all wait in the outbox, and are tried again after a pause',
  },
  'mail limit reached': {
    priority: 'info',
    fields: ['waiting'],
    meaning: '`per_hour` letters were sent within an hour; the others wait',
  },
  'mail problem': {
    priority: 'error',
    fields: ['reason'],
    meaning: 'a file or directory cannot be read or written; while notes cannot be written nothing is sent',
  },
} as const satisfies Readonly<Record<string, EventDefinition>>;

/** Those of wgkex-join and wgkex-tunnel. */
export const JOIN_EVENTS = {
  'tunnel up': { priority: 'info', fields: ['on', 'via', 'address'], meaning: 'the handshake with gateway `on` came' },
  'tunnel adopted': {
    priority: 'info',
    fields: ['on'],
    meaning: 'wgkex-join has restarted, and the tunnel works as before',
  },
  'tunnel ill': {
    priority: 'warn',
    fields: ['on', 'seconds'],
    meaning: 'no handshake and no data for `seconds`; other gateways are tried',
  },
  'tunnel down': { priority: 'info', fields: ['reason'], meaning: 'the tunnel and its routes are gone' },
  'gateway failed': {
    priority: 'warn',
    fields: ['on', 'code', 'via', 'pause', 'reason'],
    meaning: 'a gateway refused, was silent or brought no handshake; it is left out for `pause` seconds',
  },
  'configuration refused': {
    priority: 'error',
    fields: ['on', 'reason'],
    meaning: 'a gateway sent what root does not permit, or without its proof; the machine is untouched',
  },
  'no gateway': {
    priority: 'warn',
    fields: ['seconds', 'reason'],
    meaning: 'none of the gateways brought a tunnel; tried again in `seconds`',
  },
  'lease ends': { priority: 'warn', fields: ['days', 'reason'], meaning: 'the end date is near' },
  'lease over': { priority: 'warn', fields: ['reason'], meaning: 'the end date has passed' },
  'tunnel helper ended': {
    priority: 'error',
    fields: ['restart_ms', 'reason'],
    meaning: 'wgkex-tunnel ended or could not be started; the tunnel itself stays',
  },
  'join problem': {
    priority: 'error',
    fields: ['reason'],
    meaning: 'a file of wgkex-join cannot be written, or the tunnel cannot be taken down',
  },
} as const satisfies Readonly<Record<string, EventDefinition>>;

/**
 * Every event that a program of wgkex logs. Operators search for these names, so they do not change; `… again` and
 * `… others` stand for further lines like the first ones.
 */
export const EVENTS = {
  listening: { priority: 'info', fields: ['on'], meaning: 'routers can connect to these addresses' },
  reloaded: { priority: 'info', fields: ['on'], meaning: 'the new configuration is in use' },
  stopping: { priority: 'info', fields: [], meaning: 'the service ends: no new connection is accepted' },
  'handler is ready': { priority: 'info', fields: [], meaning: 'the root part serves exchanges' },

  admitted: {
    priority: 'info',
    fields: [...PEER, 'lease', 'name', 'from', 'by', 'new', 'again'],
    meaning: '`new`: a key became a peer; `again`: added again, for a wrong clock',
  },
  kept: {
    priority: 'info',
    fields: [...PEER, 'lease', 'name', 'from', 'by', 'live'],
    meaning: 'a live or new key registered again; its peer was not touched',
  },
  refused: {
    priority: 'info',
    fields: ['domain', 'key', 'lease', 'from', 'code', 'limit', 'sent'],
    meaning: 'the client got `code`; `limit` is the setting it hit; it sent `sent`',
  },
  evicted: {
    priority: 'info',
    fields: [...PEER, 'name', 'by'],
    meaning: 'a newcomer took the place or the address of this peer',
  },
  failed: {
    priority: 'error',
    fields: [...PEER, 'from', 'exchanges', 'what', 'count', 'mac', 'via', 'reason'],
    meaning: 'a change failed; it affects `exchanges` (in the cleanup: `count`)',
  },

  restored: {
    priority: 'info',
    fields: ['domain', 'keys', 'of', 'reason'],
    meaning: 'peers were lost with their interface; `keys` of `of` are back',
  },
  'restoring failed': {
    priority: 'error',
    fields: [...PEER, 'failed', 'reason'],
    meaning: 'peers that were alive could not be restored; retried soon',
  },
  repaired: {
    priority: 'info',
    fields: ['domain', 'what', 'restored', 'removed'],
    meaning: 'entries or routes were restored or removed after an interface changed',
  },
  'repair failed': {
    priority: 'warn',
    fields: ['domain', 'reason'],
    meaning: 'entries or routes could not be repaired; retried soon',
  },
  'interface check failed': {
    priority: 'warn',
    fields: ['domain', 'reason'],
    meaning: 'the interfaces could not be read after a change; retried soon',
  },
  'interface watch stopped': {
    priority: 'warn',
    fields: ['restart_ms', 'reason'],
    meaning: 'interface changes go unnoticed until it restarts, `restart_ms` later',
  },
  'left to the cleanup': {
    priority: 'warn',
    fields: ['domain', 'reason'],
    meaning: 'leftovers of a removed peer stay until the next cleanup removes them',
  },

  'record lost': {
    priority: 'warn',
    fields: ['domain', 'keys', 'aside', 'reason'],
    meaning: 'the record of keys was missing or damaged; a new one was started',
  },
  'record not written': {
    priority: 'error',
    fields: ['domain', 'reason'],
    meaning: 'new keys get `FAILED` until it can be written',
  },
  'invalid key list': {
    priority: 'warn',
    fields: ['domain', 'reason'],
    meaning: 'a list of keys cannot be read, or a line of it is not a key',
  },
  'marks not cleared': {
    priority: 'warn',
    fields: ['domain', 'reason'],
    meaning: 'the state file could not be written; routers are still served',
  },
  'activity not written': {
    priority: 'warn',
    fields: ['domain', 'reason'],
    meaning: 'the latest counts could not be written; they are kept and retried',
  },
  'history not kept': {
    priority: 'warn',
    fields: ['domain', 'reason'],
    meaning: 'the history for the page was damaged or not written',
  },
  'live peers not written': {
    priority: 'warn',
    fields: ['domain', 'reason'],
    meaning: 'the handler ended without noting which peers were alive',
  },
  'started without marks': {
    priority: 'warn',
    fields: ['domain', 'aside', 'reason'],
    meaning: 'the state file is damaged or unreadable; stale keys get one more pass',
  },
  'started without claims': {
    priority: 'warn',
    fields: ['domain', 'aside', 'reason'],
    meaning: 'the file of address claims is damaged or unreadable',
  },

  'handler ended': {
    priority: 'warn',
    fields: ['restart_ms', 'reason'],
    meaning: 'the root part ended; it restarts after `restart_ms`',
  },
  'handler failed': {
    priority: 'error',
    fields: ['reason'],
    meaning: 'the root part ended; `reason` is in its own words',
  },
  'kept the old configuration': { priority: 'error', fields: ['reason'], meaning: 'a reload failed' },
  'kept the old handler': { priority: 'error', fields: ['reason'], meaning: 'a reload failed' },
  'metrics unavailable': {
    priority: 'error',
    fields: ['reason'],
    meaning: 'wgkex cannot listen on the metrics address; routers are still served',
  },
  'http unavailable': {
    priority: 'error',
    fields: ['reason'],
    meaning: 'the HTTP door is not as configured; routers with two lines are served',
  },
  'cannot start': { priority: 'error', fields: ['reason'], meaning: 'the service did not start' },
  'no domain configured': { priority: 'warn', fields: ['reason'], meaning: 'every router gets `INVALID_DOMAIN`' },
  'running as root': { priority: 'warn', fields: ['reason'], meaning: 'the listener needs no privilege' },

  marked: {
    priority: 'info',
    fields: [...PEER, 'heard'],
    meaning: 'a key is stale for the first time; `heard` is its last handshake',
  },
  'still marked': {
    priority: 'info',
    fields: [...PEER, 'heard'],
    meaning: 'a marked key is still stale, but it is too soon to remove it',
  },
  'alive again': { priority: 'info', fields: [...PEER, 'heard'], meaning: 'a marked key connected' },
  alive: { priority: 'debug', fields: [...PEER, 'heard'], meaning: 'the cleanup found a key that is not stale' },
  removed: {
    priority: 'info',
    fields: [...PEER, 'lease', 'name', 'heard', 'by'],
    meaning: 'stale, or its lease is over; `by=operator`: by `wgkex remove`, `block`',
  },
  'removed forwarding entry': {
    priority: 'info',
    fields: ['domain', 'address', 'mac', 'via'],
    meaning: 'no peer needs it',
  },
  'removed route': { priority: 'info', fields: ['domain', 'address'], meaning: 'no peer needs it' },
  'restored forwarding entry': {
    priority: 'info',
    fields: ['domain', 'address', 'mac', 'via'],
    meaning: 'a peer had lost it',
  },
  'restored route': { priority: 'info', fields: ['domain', 'address'], meaning: 'a peer had lost it' },
  'nothing removed': {
    priority: 'warn',
    fields: ['domain', 'count', 'reason'],
    meaning: '`count` stale keys stay: a list that may name them cannot be read',
  },
  'cleanup finished': {
    priority: 'info',
    fields: ['domain', 'alive', 'marked', 'waiting', 'removed'],
    meaning: 'the end of a pass, with its counts',
  },
  'cleanup failed': {
    priority: 'error',
    fields: ['domain', 'reason'],
    meaning: 'the domain could not be read or its marks written; no key was removed',
  },

  blocked: {
    priority: 'info',
    fields: ['key', 'name', 'by', 'reason'],
    meaning: '`wgkex block` changed the list of disallowed keys',
  },
  unblocked: {
    priority: 'info',
    fields: ['key', 'name', 'by', 'reason'],
    meaning: '`wgkex unblock` changed the list of disallowed keys',
  },
  'static key added': {
    priority: 'info',
    fields: ['key', 'name', 'by', 'reason'],
    meaning: '`wgkex static` changed the list of static keys',
  },
  'static key removed': {
    priority: 'info',
    fields: ['key', 'name', 'by', 'reason'],
    meaning: '`wgkex static` changed the list of static keys',
  },
  named: {
    priority: 'info',
    fields: ['key', 'name', 'by'],
    meaning: '`wgkex name` or `--name` gave a key this name',
  },
  'name removed': {
    priority: 'info',
    fields: ['key', 'name', 'by'],
    meaning: '`wgkex name --remove` took it away',
  },
  released: {
    priority: 'info',
    fields: [...PEER, 'name', 'by'],
    meaning: '`wgkex release` or `static add` left a peer to the operator',
  },
  adopted: {
    priority: 'info',
    fields: ['domain', 'keys', 'by'],
    meaning: '`wgkex adopt`, or an upgrade from 0.1, took over `keys` peers',
  },
  ...FLEET_EVENTS,
  ...LEASE_EVENTS,
  ...RELAY_EVENTS,
  ...MAIL_EVENTS,
  ...JOIN_EVENTS,
} as const satisfies Readonly<Record<string, EventDefinition>>;

export type EventName = keyof typeof EVENTS;

/** The fields of an event. `true` prints as the bare name of its field, undefined not at all. */
export type FieldsOf<E extends EventName> = {
  readonly [F in (typeof EVENTS)[E]['fields'][number]]?:
    | (F extends keyof FieldTypes ? FieldTypes[F] : string | number | boolean)
    | undefined;
};

/** Where events go: the log, or what bounds it. */
export interface Events {
  report<E extends EventName>(event: E, fields: FieldsOf<E>): void;
}
