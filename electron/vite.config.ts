/**
 * Builds what runs in Node, one self-contained file per mode: `host`, `cli`, `desktop` (ES modules) and `preload` (CJS,
 * because a sandboxed preload script cannot be a module). Two are loaded only when needed, from a file beside the one that needs
 * them: `alone`, the core of the CLI's `--url` (a verb's wall time is mostly loading), and `demo`, the servers of `--demo`. Everything
 * is bundled except better-sqlite3, which finds its binary next to itself, and electron. build.ts decides which modes make up a build.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import type { Plugin } from 'vite';

const outputs = {
  host: { entry: 'host/host.ts', file: 'host.js', format: 'es' },
  cli: { entry: 'cli/cli.ts', file: 'switchyard.js', format: 'es' },
  alone: { entry: 'host/alone.ts', file: 'alone.js', format: 'es' },
  desktop: { entry: 'desktop/main.ts', file: 'main.js', format: 'es' },
  preload: { entry: 'desktop/preload.ts', file: 'preload.cjs', format: 'cjs' },
  demo: { entry: 'demo/demo.ts', file: 'demo.js', format: 'es' },
} as const;

/**
 * bufferutil and utf-8-validate are optional accelerators that ws tries to load and does without; so does debug, of the
 * updater, with supports-color, which is here only because a tool of ours needs it.
 */
const external = ['better-sqlite3', 'electron', 'original-fs', 'bufferutil', 'utf-8-validate', 'supports-color'];

function isOutput(mode: string): mode is keyof typeof outputs {
  return Object.hasOwn(outputs, mode);
}

/** Makes the bundle executable by name on systems that read the first line, whether or not the source began with one. */
function shebang(): Plugin {
  return {
    name: 'shebang',
    generateBundle(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type === 'chunk' && !chunk.code.startsWith('#!')) chunk.code = `#!/usr/bin/env node\n${chunk.code}`;
      }
    },
  };
}

export default defineConfig(({ mode }) => {
  if (!isOutput(mode)) throw new Error(`--mode is one of ${Object.keys(outputs).join(', ')}, not "${mode}"`);
  const output = outputs[mode];
  return {
    root: fileURLToPath(new URL('.', import.meta.url)),
    clearScreen: false,
    logLevel: 'warn',
    plugins: mode === 'cli' ? [shebang()] : [],
    ssr: { target: 'node', noExternal: true, external },
    build: {
      ssr: output.entry,
      // Where to is said by the caller, who makes the directory.
      emptyOutDir: false,
      target: 'node22',
      // The CLI is read again at every call: half the text is half the time to parse it.
      minify: mode === 'cli',
      sourcemap: mode !== 'cli',
      reportCompressedSize: false,
      rolldownOptions: {
        checks: { bundlerTimings: false },
        output: { entryFileNames: output.file, format: output.format, codeSplitting: false },
      },
    },
  };
});
