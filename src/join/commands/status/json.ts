import type { UnixSeconds } from '../../../core/values/time.ts';
import type { GatewayFailure, JoinState } from '../../daemon/state-file.ts';
import type { Standing } from './standing.ts';

/** The document of `wgkex-join status --json`; its shape is fixed in wgkex-join(8). */
export function describeStandings(standings: readonly Standing[], now: UnixSeconds): object {
  const tunnels = standings.map(describeStanding);
  return { time: Math.floor(now), up: areUp(standings), tunnels };
}

/** False also if there are none. */
export function areUp(standings: readonly Standing[]): boolean {
  return standings.length > 0 && standings.every(({ isUp }) => isUp);
}

function describeStanding({ name, instance, state, isUp, problems }: Standing): object {
  const { doing = null, since = null, again = null, gateway = null, via = null, failures = [] } = state ?? {};
  const { domain = null, traffic = null } = instance ?? {};
  return {
    ...{ name, up: isUp, doing, since, problems, again, gateway, via, domain, traffic },
    ...describeLook(state?.look),
    failures: failures.map(describeFailure),
  };
}

function describeLook(look: Partial<NonNullable<JoinState['look']>> = {}): object {
  const { addresses = [], handshake = 0, received = null, sent = null, expires = null, at = null } = look;
  return { addresses, handshake: handshake === 0 ? null : handshake, received, sent, expires, looked: at };
}

function describeFailure({ gateway, code, reason, at, until }: GatewayFailure): object {
  return { gateway, code: code ?? null, reason, at, until: until ?? null };
}
