import { formatHostPort } from '../../../core/values/host-port.ts';
import { isHostName } from '../../../core/values/names.ts';
import type { FfmucConfig } from './ffmuc-config.ts';
import type { Note, Part } from './part.ts';

const NO_NAME = 'wgkex needs a name with an A and an AAAA record: put it into [gateway] name';
const FRONT_ALONE = "not set; if freifunkMUC's worker did not run here, delete all [domains.*], for a front alone";
const FIRST_FREE_PORT = 1024;
const LOW_PORT = `systemd opens a port below ${FIRST_FREE_PORT}: wgkex-http.socket, see docs/http.md`;
/** A proxy on this machine names the router; without a proxy these trust nobody else. */
const OWN_PROXIES = ['127.0.0.1', '::1'];

/** `[gateway]`, of the machine that is called `host` in topics. */
export function translateGateway(config: FfmucConfig, host: string): Part {
  const { externalName, workers } = config;
  const weight = workers.get(host);
  const settings = [
    ...(externalName && isHostName(externalName) ? [['name', externalName] as const] : []),
    ...(weight === undefined ? [] : [['weight', weight] as const]),
  ];
  const notes = noteName(config);
  if (weight === undefined && workers.size > 0)
    notes.push({ setting: 'workers', text: `${host} is not among them, and has the weight 1` });
  return { tables: settings.length === 0 ? [] : [{ name: 'gateway', settings }], notes };
}

function noteName({ externalName, workers, broker_listen }: FfmucConfig): Note[] {
  if (externalName) return isHostName(externalName) ? [] : [{ setting: 'externalName', text: NO_NAME }];
  return broker_listen || workers.size > 0 ? [{ setting: 'externalName', text: FRONT_ALONE }] : [];
}

/** `[http]`. */
export function translateHttp({ broker_listen: listen }: FfmucConfig): Part {
  if (!listen) return { tables: [], notes: [] };
  const isFree = listen.port >= FIRST_FREE_PORT;
  const proxies = ['trusted_proxies', OWN_PROXIES] as const;
  return {
    tables: [{ name: 'http', settings: isFree ? [['listen', [formatHostPort(listen)]], proxies] : [proxies] }],
    notes: isFree ? [] : [{ setting: 'broker_listen.port', text: LOW_PORT }],
  };
}
