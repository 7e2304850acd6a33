// Bundles each executable into one self-contained file of dist/, which needs nothing but Node.
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

// The listener runs without privileges and may be told things by its environment, such as systemd's sockets.
const NODE = '#!/usr/bin/node';
// What root runs inherits nothing that could change it (NODE_OPTIONS, LD_PRELOAD, PATH, ...), but for the name of
// the journal's stream, which only chooses between two ways to print a log line.
// biome-ignore lint/suspicious/noTemplateCurlyInString: env(1) expands it.
const CLEAN_NODE = '#!/usr/bin/env -S -i JOURNAL_STREAM=${JOURNAL_STREAM} /usr/bin/node';

const EXECUTABLES = [
  { name: 'wgkex-listen', entry: 'src/listener/main.ts', interpreter: NODE },
  { name: 'wgkex-handler', entry: 'src/handler/main.ts', interpreter: CLEAN_NODE },
  { name: 'wgkex-cleanup', entry: 'src/cleanup/main.ts', interpreter: CLEAN_NODE },
  { name: 'wgkex', entry: 'src/cli/main.ts', interpreter: NODE },
];

await rm('dist', { recursive: true, force: true });
await mkdir('dist');
// A file without extension is what the nearest package.json says: CommonJS, in dist/ as in /usr/lib/wgkex.
await writeFile('dist/package.json', '{ "type": "commonjs" }\n');
for (const { name, entry, interpreter } of EXECUTABLES) {
  await build({
    entryPoints: [entry],
    outfile: `dist/${name}`,
    bundle: true,
    platform: 'node',
    target: 'node18.19',
    format: 'cjs',
    banner: { js: interpreter },
    legalComments: 'inline',
    logLevel: 'warning',
  });
  await chmod(`dist/${name}`, 0o755);
}
