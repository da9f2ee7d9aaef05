/** What every verb is given. */
import type { Arguments } from './args.ts';
import { aloneLink } from './alone-link.ts';
import { readConfig } from './config-file.ts';
import { usage } from './exit-codes.ts';
import { hostLink, isHostThere } from './host-link.ts';
import type { Link } from './link.ts';
import type { Answer, Output } from './output.ts';
import { says } from './text.ts';

export interface Context {
  args: Arguments;
  out: Output;
  /** The running host, or a core of our own for one server; the same one every time. */
  link(): Promise<Link>;
  /** Aborts at Ctrl+C. */
  signal: AbortSignal;
  now(): number;
}

export type Command = (context: Context) => Promise<Answer>;

/** Makes the link at first use. `close` when the verb is done. */
export function linkFor(
  args: Arguments,
  dataDir: string,
  out: Output,
  left: AbortSignal,
): { link: () => Promise<Link>; close: () => Promise<void> } {
  let made: Promise<Link> | undefined;
  const onCall = out.trace.bind(out);
  const make = async (): Promise<Link> => {
    const server = serverToAsk(args, dataDir, out);
    if (server === null) return hostLink(dataDir, onCall, left);
    return aloneLink({ ...server, onCall, left });
  };
  return {
    link: () => (made ??= make()),
    close: async () => {
      const link = await made?.catch(() => undefined);
      await link?.close();
    },
  };
}

/** Null: the host is asked. `--url` always means that server; the config file's is for when no host was named and none runs. */
function serverToAsk(
  args: Arguments,
  dataDir: string,
  out: Output,
): { url: string; keyFile: string | undefined } | null {
  const url = args.text('url');
  const keyFile = args.text('key-file');
  const alone = args.verb?.alone === true;
  if (url !== undefined && !alone) throw usage(says.needsHost(args.verb?.name ?? ''));
  const config = readConfig(args.text('config'));
  if (url !== undefined) return { url, keyFile: keyFile ?? (url === config.url ? config.keyFile : undefined) };
  const named = args.has('data') || args.has('demo') || (process.env['SWITCHYARD_DATA'] ?? '') !== '';
  if (config.url === undefined || !alone || named || isHostThere(dataDir)) return null;
  out.note(says.asksDirectly(config.url));
  return { url: config.url, keyFile: keyFile ?? config.keyFile };
}
