import type { ReplyCode } from './exchange.ts';

interface ReplyDefinition {
  /** Why a router gets it. */
  readonly meaning: string;
  /** What its firmware should do then. */
  readonly router: string;
}

/**
 * What each reply means: shown by `wgkex exchange`. The table in docs/firmware.md is made from it; the list in
 * wgkex-listen(8) is compared with it.
 */
export const REPLIES: Readonly<Record<ReplyCode, ReplyDefinition>> = {
  OK: {
    meaning: 'the gateway knows the key; the tunnel can come up',
    router: 'brings the tunnel up and waits for the handshake',
  },
  NO_DOMAIN: {
    meaning: 'the name of the domain is empty or did not arrive in time',
    router: 'a firmware fault or a very slow line: same as `BUSY`',
  },
  NO_WGKEY: { meaning: 'the key is empty or did not arrive in time', router: 'the same' },
  INVALID_DOMAIN: {
    meaning: 'the gateway does not serve the domain',
    router: 'tells its owner; tries again after an hour',
  },
  INVALID_WGKEY: { meaning: 'the text that arrived is not a public key', router: 'the same' },
  LINE_TOO_LONG: { meaning: 'a line is longer than the gateway accepts', router: 'the same' },
  NO_TOKEN: {
    meaning: 'the domain is for members: a proof that belongs to a lease did not arrive, or is not of its form',
    router: 'no firmware sends one: same as `INVALID_DOMAIN`',
  },
  INVALID_TOKEN: { meaning: 'there is no such lease, or the proof is wrong', router: 'the same' },
  EXPIRED: { meaning: 'the lease is over', router: 'the same; its owner asks the operator' },
  TOKEN_USED: {
    meaning: 'the lease is bound to another key; the operator can release it',
    router: 'the same; its owner asks the operator',
  },
  PROHIBITED_WGKEY: {
    meaning:
      "the key is blocked, is the gateway's own, is a peer that the operator set up, or is not on the domain's list",
    router: 'the same; its owner asks the operator',
  },
  ADDRESS_TAKEN: {
    meaning: 'the address that belongs to the key is already taken',
    router: 'the same; only another key pair helps',
  },
  FULL: { meaning: 'the domain is full at the moment', router: 'tries again after 60 seconds, then longer' },
  BUSY: {
    meaning:
      'too many connections or requests, perhaps from the same address; or another new key has the derived address',
    router: 'tries again after 10 seconds, then longer',
  },
  FAILED: {
    meaning: 'the gateway has a fault; its journal says which',
    router: 'tries again after 10 seconds, then longer',
  },
};
