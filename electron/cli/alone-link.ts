/**
 * The link of `--url`: a core in this process (host/alone.ts) instead of a host. The core is a file of its own, loaded only
 * here; its name is put together at run time so that no bundler takes it along.
 */
import type { CallName } from '../../shared/contract.ts';
import type { CallOptions } from '../../shared/contract-types.ts';
import { fromWire } from '../../shared/errors.ts';
import { readKey } from './key-file.ts';
import type { CallTrace, Link, LinkEvent } from './link.ts';

export async function aloneLink(options: {
  url: string;
  keyFile: string | undefined;
  onCall: (trace: CallTrace) => void;
  left: AbortSignal;
}): Promise<Link> {
  const credential = options.keyFile === undefined ? undefined : readKey(options.keyFile);
  const place = import.meta.url.endsWith('.ts') ? '../host/alone.ts' : './alone.js';
  const { openAlone } = (await import(new URL(place, import.meta.url).href)) as typeof import('../host/alone.ts');
  const alone = await openAlone({ url: options.url, credential, onRequest: options.onCall }).catch(rethrow);
  const call = (name: CallName, args: object, callOptions?: CallOptions): Promise<unknown> =>
    alone.invoke(name, args, callOptions?.signal ?? options.left).catch(rethrow);
  return {
    alone: true,
    call: call as Link['call'],
    events: (topics, listener) => {
      const subscriptions = topics.map((topic) =>
        alone.events.on(topic, (payload) => {
          listener({ topic, payload } as LinkEvent);
        }),
      );
      return Promise.resolve({
        close: () => {
          for (const subscription of subscriptions) subscription[Symbol.dispose]();
        },
      });
    },
    close: () => alone.close(),
  };
}

/** Built as a file of its own, the core has an AppError class of its own: told apart by name, made ours by its fields. */
function rethrow(error: unknown): never {
  throw error instanceof Error && error.name === 'AppError' ? fromWire(error) : error;
}
