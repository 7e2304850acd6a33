import type { ErrorCode } from '../exchange/exchange.ts';

/** What a gateway's refusal means to a member, and what to do. */
export const REFUSALS: Readonly<Record<ErrorCode, string>> = {
  NO_DOMAIN: 'the line is very slow, or something changes what is sent; try another network',
  NO_WGKEY: 'the line is very slow, or something changes what is sent; try another network',
  INVALID_DOMAIN: 'the gateway does not know the domain; check its spelling, or ask the operator',
  INVALID_WGKEY: 'something changes what is sent; try another network',
  LINE_TOO_LONG: 'something changes what is sent; try another network',
  NO_TOKEN: 'the domain has no members; check its spelling, or ask the operator',
  INVALID_TOKEN:
    'the gateway does not know the access code; it is mistyped, replaced or revoked, or the domain is another one',
  EXPIRED: 'the lease is over; ask the operator to extend it',
  TOKEN_USED: 'the access code is in use with another key; ask the operator to release the lease',
  PROHIBITED_WGKEY: 'the key is not permitted; set up a new one with --new-key, or ask the operator',
  ADDRESS_TAKEN: 'the address of the key is taken; set up a new one with --new-key',
  FULL: 'the gateway has no free address; ask the operator',
  BUSY: 'the gateway has too much to do; it is asked again later',
  FAILED: 'the gateway has a fault; tell the operator, who finds it in the journal',
};
