/**
 * The demo is a file of its own, beside the bundle of a host, loaded only when `--demo` asks for it; its name is put
 * together at run time so that no bundler takes it along.
 */
import type { Handlers } from '../../shared/contract.ts';

/** Starts the demo's servers and makes them known to the core. Disposing closes them. */
export async function startDemo(handlers: Handlers): Promise<AsyncDisposable> {
  const place = import.meta.url.endsWith('.ts') ? '../demo/demo.ts' : './demo.js';
  const demo = (await import(new URL(place, import.meta.url).href)) as typeof import('../demo/demo.ts');
  return demo.startDemo(handlers);
}
