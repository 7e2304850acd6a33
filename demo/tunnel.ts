import { eventually } from '../lab/commands.ts';
import type { Stage } from './gateway.ts';
import { GATEWAY_MESH_ADDRESS, type Router } from './router.ts';
import { confirm, say, showHeading } from './terminal.ts';

const HELLO_PORT = 80;
const SHOW_LISTENING = `ss -Hltn sport = ${HELLO_PORT}`;

/** A router becomes known to the gateway, and brings its side up. */
export async function showExchange(router: Router): Promise<void> {
  await showHeading('2. A router introduces itself');
  say(
    `${router.host.name} is on the internet. It makes a key pair, and sends two lines to the gateway: its domain and ` +
      'its public key.',
  );
  await router.host.type('ip -brief -4 address show dev uplink');
  await router.makeKey();
  const letIn = await router.introduce();
  say(
    'From the MD5 of the key (with its newline) both sides derive the same addresses: 02 and five bytes of it are ' +
      'the MAC address, and that gives the link-local address (EUI-64, with the universal/local bit inverted).',
  );
  await router.deriveAddress();
  confirm(`the gateway admitted the same address, ${letIn}`, router.address === letIn);
  say('It brings up its side of the tunnel, with the VXLAN on top:');
  await router.bringUp();
}

/** What the tunnel carries. */
export async function showTunnel(stage: Stage, router: Router): Promise<void> {
  const { gateway, host } = stage;
  await showHeading('3. The tunnel');
  say('The gateway has the peer, with the derived address as its only allowed IP, and a handshake:');
  const shown = await host.type(`wg show ${gateway.wireguard()}`);
  const parts = [`peer: ${router.key}`, `allowed ips: ${router.address}/128`, 'latest handshake: '];
  confirm(
    'the keys met',
    parts.every((part) => shown.includes(part)),
  );
  say('A ping over the VXLAN segment, there and back, to addresses that only the segment has:');
  await router.ping();
  await router.pingFromGateway();
  await showHelloPage(stage, router);
}

async function showHelloPage({ host, journal }: Stage, router: Router): Promise<void> {
  say('The gateway serves a web page only on its address of the segment:');
  await host.start(`node --import tsx demo/hello-page.ts ${GATEWAY_MESH_ADDRESS} ${HELLO_PORT}`, journal);
  await eventually('the page is served', async () => (await host.run(SHOW_LISTENING)) !== '');
  const url = `http://[${GATEWAY_MESH_ADDRESS}]`;
  const page = await router.host.type(`node -e 'fetch("${url}").then((r) => r.text()).then(console.log)'`);
  confirm(
    `the page names ${router.host.name}'s address of the segment as the visitor's address`,
    page === `Hello ${router.meshAddress}, you came through the tunnel.`,
  );
}

/** The same for another router, in short. */
export async function showSecondRouter(router: Router): Promise<void> {
  await showHeading('4. A second router');
  say('The same again; the commands that bring up its side are left out.');
  await router.makeKey();
  const letIn = await router.introduce();
  router.host.isShown = false;
  await router.deriveAddress();
  await router.bringUp();
  router.host.isShown = true;
  confirm(`it derived the address that the gateway admitted, ${letIn}`, router.address === letIn);
  await router.ping();
}
