import assert from 'node:assert/strict';
import { appendFile, chmod, readFile, writeFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { FleetClient } from './fleet-client.ts';
import {
  CA,
  DOMAIN,
  findName,
  HAS_BROKER,
  HERE,
  hasReported,
  PASSWORDS,
  REPORT,
  type Report,
  readAuthority,
  readBoot,
  THERE,
} from './fleet-plan.ts';
import { attempt, CONFIG, DOMAIN as DOMAIN_TABLE, eventually, isServing, sh } from './machine.ts';

/** The other machine may be slower, and then it starts again. */
export const OTHER_MACHINE_SECONDS = 900;
const PASSWORD = '/etc/wgkex/mqtt.password';

/** Shows the machine to the other one, from each boot on. */
const WINDOW = `[Service]
ExecStart=/usr/bin/node /usr/local/lib/window.cjs
[Install]
WantedBy=multi-user.target
`;

/** Lasts: after a reboot the other machine reaches this one again. */
export async function connectMachines(): Promise<void> {
  await writeFile('/etc/systemd/network/fleet.network', `[Match]\nName=en*\n[Network]\nAddress=${HERE.address}/24\n`);
  const names = [HERE, THERE].map((machine) => `${machine.address} ${findName(machine)}`);
  const broker = `${(HAS_BROKER ? HERE : THERE).address} mqtt.example.org`;
  await writeFile('/etc/systemd/system/window.service', WINDOW);
  await sh(`printf '%s\\n' '${names.join("' '")}' '${broker}' >>/etc/hosts
cp /payload/window.cjs /usr/local/lib; systemctl enable --now systemd-networkd window`);
}

/** Installs the package, with the interfaces of the earlier boots. */
export async function makeGateway(): Promise<void> {
  await sh('dpkg --install /payload/wgkex.deb');
  const { id } = HERE;
  const ids = [HERE.id, THERE.id];
  await writeFile(
    CONFIG,
    `${DOMAIN_TABLE}
[gateway]
name = "${findName(HERE)}"
location = "${id}"
[http]
[limits]
exempt = ["127.0.0.0/8"]
[mqtt]
url = ["mqtts://mqtt.example.org:8883"]
ca = "${CA}"
username = "${id}"
password_file = "${PASSWORD}"
id = "${id}"
fronts = ${JSON.stringify(ids)}
`,
  );
  await sh(`systemctl enable --now wgkex.socket wgkex-http.socket wgkex-cleanup@${DOMAIN}.timer`);
  await eventually('an exchange works', isServing);
}

/** The commands of docs/fleet.md, but with passwords that nobody types. */
export async function setUpBroker(): Promise<void> {
  const guide = await readFile('/payload/fleet.md', 'utf8');
  const [, commands = ''] = guide.match(/^```sh\n(apt-get install mosquitto[\s\S]*?)^```/m) ?? [];
  const setPassword = (id: keyof typeof PASSWORDS, option: string) =>
    `mosquitto_passwd -b ${option} /etc/mosquitto/wgkex.passwords ${id} '${PASSWORDS[id]}'`;
  const asked = /^mosquitto_passwd .*$/m;
  assert.match(commands, asked);
  await sh(commands.replace(asked, `${setPassword('gw1', '-c')}\n${setPassword('gw2', '')}`));
  // As its installation does where services may start.
  await sh(`systemctl enable --quiet mosquitto; cp /etc/mosquitto/certs/wgkex-ca.crt ${CA}`);
}

export async function joinFleet(): Promise<void> {
  if (!HAS_BROKER)
    await eventually(
      'the broker has its certificates',
      async () => {
        const authority = await readAuthority();
        if (authority !== undefined) await writeFile(CA, authority);
        return authority !== undefined;
      },
      OTHER_MACHINE_SECONDS,
    );
  await chmod(CA, 0o644);
  await sh(`install -m 0640 -g wgkex /dev/stdin ${PASSWORD} <<<'${PASSWORDS[HERE.id]}'
systemctl reload wgkex`);
  await eventually('both machines are in the fleet', isFleetOfTwo, OTHER_MACHINE_SECONDS);
}

export async function isFleetOfTwo(): Promise<boolean> {
  const { output } = await attempt('wgkex fleet --json 2>/dev/null');
  if (!output.startsWith('{')) return false;
  const { gateways }: { gateways: { gateway: string; state: string }[] } = JSON.parse(output);
  const states = gateways.map(({ gateway, state }) => `${gateway} ${state}`);
  return states.sort().join() === 'gw1 online,gw2 online';
}

/**
 * Registers routers at this machine while the other one reboots. An emulated one has no time for two clients: the other
 * machine's client begins afterwards. Throws unless each router that got OK was in the kernel that its reply named.
 */
export async function watchReboot(context: TestContext): Promise<void> {
  const before = await readBoot(THERE);
  assert.ok(before);
  const client = new FleetClient();
  client.start();
  const sees = (what: string, condition: () => Promise<boolean>) =>
    eventually(what, condition, OTHER_MACHINE_SECONDS).catch((error: Error) =>
      assert.fail(`${error.message}; ${client}`),
    );
  await sees('routers get the other machine, as they ask for it', async () => client.isServedBy(THERE));
  await report('watching');
  await sees('while it is away, they get this one', async () => {
    const isAway = (await readBoot(THERE)) === undefined;
    return isAway && client.isServedBy(HERE);
  });
  await sees('after its reboot, they get it again', async () => {
    const boot = await readBoot(THERE);
    return boot !== undefined && boot !== before && client.isServedBy(THERE);
  });
  client.stop();
  context.diagnostic(String(client));
  assert.deepEqual(client.lies, []);
  await report('seen');
}

/** Resolves when the test of the other machine is so far. */
export function awaitReport(wanted: Report): Promise<void> {
  return eventually(`the other machine says ${wanted}`, () => hasReported(THERE, wanted), OTHER_MACHINE_SECONDS);
}

export function report(said: Report): Promise<void> {
  return appendFile(REPORT, `${said}\n`);
}
