import type { GatewayId } from '../../core/fleet/gateway-id.ts';
import { FRESH_SECONDS } from '../../core/fleet/limits.ts';
import type { GatewayState } from '../../core/fleet/payloads.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import type { FleetMember } from './heard.ts';
import type { FleetReading } from './reading.ts';

/** `silent`: its connection lives, or so the broker believes, but by the clocks its last word is old. */
export type PlaceCondition = 'online' | 'full' | 'drained' | 'silent' | 'offline';

/** One gateway for one domain. */
export interface Place {
  readonly gateway: GatewayId;
  readonly domain: DomainName;
  readonly state: GatewayState;
  readonly condition: PlaceCondition;
  /** Its part of the domain's living routers, and what it should have by weight; 0 to 1, undefined if there are none. */
  readonly share: number | undefined;
  readonly aim: number | undefined;
}

/** By domain, then by gateway. */
export function findPlaces({ members, at }: FleetReading): Place[] {
  const places = members.flatMap((member) =>
    [...member.domains].map(([domain, state]) => {
      return { gateway: member.id, domain, state, condition: judge(member, state, at) };
    }),
  );
  const named = places.sort((one, other) => compare(one.domain, other.domain) || compare(one.gateway, other.gateway));
  return named.map((place) => {
    const fellows = named.filter(({ domain, condition }) => domain === place.domain && isThere(condition));
    return {
      ...place,
      share: isThere(place.condition) ? divide(place.state.alive, sum(fellows, 'alive')) : undefined,
      aim: isThere(place.condition) ? divide(place.state.weight, sum(fellows, 'weight')) : undefined,
    };
  });
}

/** The clocks of two machines may differ: whatever is said from the future is as doubtful as what is old. */
export function isOld({ sent_at }: GatewayState, at: UnixSeconds): boolean {
  return Math.abs(at - sent_at) > FRESH_SECONDS;
}

function judge({ isOnline }: FleetMember, state: GatewayState, at: UnixSeconds): PlaceCondition {
  if (!isOnline) return 'offline';
  if (isOld(state, at)) return 'silent';
  if (state.weight === 0) return 'drained';
  return state.peers >= state.max_peers ? 'full' : 'online';
}

function isThere(condition: PlaceCondition): boolean {
  return condition !== 'offline' && condition !== 'silent';
}

function sum(places: readonly { readonly state: GatewayState }[], number: 'alive' | 'weight'): number {
  return places.reduce((total, { state }) => total + state[number], 0);
}

function divide(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
