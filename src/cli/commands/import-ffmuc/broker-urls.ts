import { parseBrokerUrl } from '../../../core/fleet/broker-url.ts';
import { formatHostPort } from '../../../core/values/host-port.ts';

export function formatBrokerUrl(protocol: 'mqtt' | 'mqtts', host: string, port: number): string {
  return `${protocol}://${formatHostPort({ host, port })}`;
}

/** Whether wgkex connects to such a broker; by `mqtt` only to this machine and to private networks. */
export function isBrokerUrl(protocol: 'mqtt' | 'mqtts', host: string, port: number): boolean {
  try {
    parseBrokerUrl(formatBrokerUrl(protocol, host, port));
    return true;
  } catch {
    return false;
  }
}
