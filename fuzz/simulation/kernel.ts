import assert from 'node:assert/strict';
import type { KernelPeer } from '../model/ownership.ts';

const NONE = '(none)';
const NEW_PEER: KernelPeer = {
  networks: [],
  handshake: 0,
  endpoint: undefined,
  hasPresharedKey: false,
  hasKeepalive: false,
};

/** A WireGuard interface and the flood list of a VXLAN on it, as far as wgkex changes and reads them. */
export class SimulatedKernel {
  readonly peers = new Map<string, KernelPeer>();
  readonly entries = new Set<string>();

  /** `wg set DEVICE WORDS`: an allowed IP silently moves from its holder to the peer that is named last. */
  set(words: readonly string[]): void {
    const rest = [...words];
    while (rest.length > 0) {
      const [verb, key = '', what, networks] = rest.splice(0, 3);
      assert.equal(verb, 'peer');
      if (what === 'remove') this.peers.delete(key);
      else if (what === 'allowed-ips') this.give(key, [rest.shift() ?? '']);
      else throw new Error(`wg has no word ${what}: ${networks}`);
    }
  }

  /** Replaces the allowed IPs of a peer, and creates the peer if necessary. */
  give(key: string, networks: readonly string[], more: Partial<KernelPeer> = {}): void {
    for (const [other, peer] of this.peers) {
      const left = peer.networks.filter((network) => !networks.includes(network));
      if (other !== key) this.peers.set(other, { ...peer, networks: left });
    }
    this.peers.set(key, { ...NEW_PEER, ...this.peers.get(key), networks, ...more });
  }

  change(key: string, change: Partial<KernelPeer>): void {
    const peer = this.peers.get(key);
    if (peer !== undefined) this.peers.set(key, { ...peer, ...change });
  }

  /** A line of `bridge -batch`. */
  bridge(line: string): void {
    const [, verb, mac, destination, via = '-'] =
      line.match(/^fdb (append|replace|del) (\S+) dev \S+ dst (\S+)(?: via (\S+))?$/) ?? [];
    assert.ok(verb, `bridge does not understand ${line}`);
    const entry = `${mac} ${destination} ${via}`;
    if (verb === 'del') {
      // With a destination or interface that does not match, it returns 0 and does nothing.
      const isKnown = [...this.entries].some((other) => other.startsWith(`${mac} `));
      assert.ok(isKnown, `bridge ends at ${line}`);
      this.entries.delete(entry);
    }
    if (verb === 'replace') this.#dropMac(mac ?? '');
    if (verb !== 'del') this.entries.add(entry);
  }

  /** `wg show DEVICE dump`. */
  dump(ownKey: string): string {
    const lines = [...this.peers].map(([key, { networks, handshake, endpoint, hasPresharedKey, hasKeepalive }]) => {
      const where = endpoint === undefined ? NONE : `${endpoint.includes(':') ? `[${endpoint}]` : endpoint}:51820`;
      const secret = hasPresharedKey ? ownKey : NONE;
      const ips = networks.length === 0 ? NONE : networks.join(',');
      return [key, secret, where, ips, handshake, 1, 1, hasKeepalive ? 25 : 'off'].join('\t');
    });
    return [[ownKey, ownKey, 51820, 'off'].join('\t'), ...lines, ''].join('\n');
  }

  /** After `replace`, a MAC address has only one destination. */
  #dropMac(mac: string): void {
    for (const entry of this.entries) if (entry.startsWith(`${mac} `)) this.entries.delete(entry);
  }
}
