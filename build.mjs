// Bundles each executable into one self-contained file of dist/, which needs nothing but Node.
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

// In a storm V8 would rather take memory than tidy up: 150 MB for listener and handler, 115 MB with this.
const SMALL = '--max-semi-space-size=2';
// The listener runs without privileges and may be told things by its environment, such as systemd's sockets.
const SMALL_NODE = `#!/usr/bin/env -S /usr/bin/node ${SMALL}`;
// A command is over before optimised code would pay: with 2000 peers `status` takes a quarter less time without.
const BRIEF_NODE = '#!/usr/bin/node --no-opt';
// What root runs inherits nothing that could change it (NODE_OPTIONS, LD_PRELOAD, PATH, ...), but for the name of
// the journal's stream, which only chooses between two ways to print a log line. SIGUSR1 opens Node's debugger: an
// address that no machine has keeps it shut.
const CLEAN_NODE = `#!/usr/bin/env -S -i JOURNAL_STREAM=\${JOURNAL_STREAM} /usr/bin/node ${SMALL} --inspect-port=240.0.0.1:1024`;

const EXECUTABLES = [
  { name: 'wgkex-listen', entry: 'src/listener/main.ts', interpreter: SMALL_NODE },
  { name: 'wgkex-handler', entry: 'src/handler/main.ts', interpreter: CLEAN_NODE },
  { name: 'wgkex-cleanup', entry: 'src/cleanup/main.ts', interpreter: CLEAN_NODE },
  { name: 'wgkex', entry: 'src/cli/main.ts', interpreter: BRIEF_NODE },
  { name: 'wgkex-mail', entry: 'src/mail/main.ts', interpreter: SMALL_NODE },
  { name: 'wgkex-relay', entry: 'src/relay/main.ts', interpreter: SMALL_NODE },
  // A command, too; but the service, which runs for months, counts.
  { name: 'wgkex-join', entry: 'src/join/main.ts', interpreter: SMALL_NODE },
  { name: 'wgkex-tunnel', entry: 'src/tunnel/main.ts', interpreter: CLEAN_NODE },
];

await rm('dist', { recursive: true, force: true });
await mkdir('dist');
// A file without extension is what the nearest package.json says: CommonJS, in dist/ as in /usr/lib/wgkex.
await writeFile('dist/package.json', '{ "type": "commonjs" }\n');
const bundled = new Set();
for (const { name, entry, interpreter } of EXECUTABLES) {
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: `dist/${name}`,
    bundle: true,
    platform: 'node',
    target: 'node18.19',
    format: 'cjs',
    banner: { js: `${interpreter}\n// The licences of what is bundled here: THIRD-PARTY-LICENSES` },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  await chmod(`dist/${name}`, 0o755);
  for (const input of Object.keys(metafile.inputs)) {
    const [directory] = input.match(/^node_modules\/(@[^/]+\/)?[^/]+/) ?? [];
    if (directory !== undefined) bundled.add(directory);
  }
}
await writeFile('dist/THIRD-PARTY-LICENSES', (await Promise.all([...bundled].sort().map(describeLicense))).join('\n'));

/** The name, version and licence of a package whose code is part of a bundle. */
async function describeLicense(directory) {
  const { name, version, license } = JSON.parse(await readFile(`${directory}/package.json`, 'utf8'));
  const file = (await readdir(directory)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text =
    file === undefined ? 'Its text is not part of the package.\n' : await readFile(`${directory}/${file}`, 'utf8');
  return `${name} ${version} (${license})\n${'='.repeat(72)}\n${text}`;
}
