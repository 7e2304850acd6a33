import { setDefaultAutoSelectFamily, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';

declare module 'node:net' {
  // Of Node 18.18; the types of 18.19 do not have them.
  function setDefaultAutoSelectFamily(isOn: boolean): void;
  function setDefaultAutoSelectFamilyAttemptTimeout(milliseconds: number): void;
}

/** Of the addresses of a name, each but the last has this time. */
const ATTEMPT_MILLISECONDS = 1000;

/**
 * Makes connections to a name try all its addresses. Otherwise Node 18 tries only the first: on a gateway without IPv6
 * that may be one that it cannot reach.
 */
export function tryAllAddresses(): void {
  setDefaultAutoSelectFamily(true);
  setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPT_MILLISECONDS);
}
