import { findRemainingSeconds } from '../../../core/peers/claims.ts';
import { findRouterMesh } from '../../gateway/mesh.ts';
import type { Answer, Membership } from '../../gateway/router.ts';
import { describeKeyLease } from '../../views/lease.ts';
import { describeMeshedPeer } from '../../views/mesh.ts';

/** The document of `wgkex show --json`; its shape is fixed in wgkex(8). */
export function describeAnswer({ asked, routers, isFound, isOwn, meshes, journal }: Answer): object {
  return {
    router: asked,
    found: isFound,
    own_address: isOwn,
    routers: routers.map(({ key, name, derivations, memberships }) => ({
      key,
      name: name ?? null,
      derivations,
      domains: memberships.map((membership) => describeMembership(membership, meshes)),
    })),
    journal:
      journal === undefined || journal instanceof Error
        ? null
        : journal.map(({ time, message }) => ({ time: Math.floor(time), message })),
  };
}

function describeMembership(
  { reading, listed, markedAt, obstacles, claim, mark, lease }: Membership,
  meshes: Answer['meshes'],
): object {
  const mesh = meshes.get(reading.domain.name);
  return {
    domain: reading.domain.name,
    peer: listed ? describeMeshedPeer({ ...listed, mesh: mesh && findRouterMesh(listed, mesh) }) : null,
    marked_at: markedAt ?? null,
    operators_mark: mark ?? null,
    claim_seconds: claim === undefined ? null : Math.floor(findRemainingSeconds(claim)),
    obstacles: obstacles.map(({ rule, code, holder }) => ({ kind: rule, code: code ?? null, holder: holder ?? null })),
    ...(reading.domain.leased === undefined ? {} : { lease: describeKeyLease(lease) }),
  };
}
