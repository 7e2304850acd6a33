import { findRemainingSeconds } from '../../../core/peers/claims.ts';
import type { Answer, Membership } from '../../gateway/router.ts';
import { describePeer } from '../../views/peer-json.ts';

/** The document of `wgkex show --json`; its shape is fixed in wgkex(8). */
export function describeAnswer({ asked, routers, isFound, isOwn, journal }: Answer): object {
  return {
    router: asked,
    found: isFound,
    own_address: isOwn,
    routers: routers.map(({ key, derivations, memberships }) => ({
      key,
      derivations,
      domains: memberships.map(describeMembership),
    })),
    journal:
      journal === undefined || journal instanceof Error
        ? null
        : journal.map(({ time, message }) => ({ time: Math.floor(time), message })),
  };
}

function describeMembership({ reading, listed, markedAt, obstacles, claim, mark }: Membership): object {
  return {
    domain: reading.domain.name,
    peer: listed === undefined ? null : describePeer(listed),
    marked_at: markedAt ?? null,
    operators_mark: mark ?? null,
    claim_seconds: claim === undefined ? null : Math.floor(findRemainingSeconds(claim)),
    obstacles: obstacles.map(({ rule, code, holder }) => ({ kind: rule, code: code ?? null, holder: holder ?? null })),
  };
}
