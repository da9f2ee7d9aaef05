/**
 * Builds the window into dist/renderer. Relative base, because the same files are served by the host over HTTP and by
 * the desktop shell over its app:// scheme. Nothing is inlined as data: the content security policy allows only files.
 */
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  plugins: [react()],
  clearScreen: false,
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('../dist/renderer', import.meta.url)),
    emptyOutDir: true,
    target: 'chrome120',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    // On a slow machine the build is slow; whoever starts Switchyard there can do nothing about it.
    rolldownOptions: { checks: { bundlerTimings: false } },
  },
});
