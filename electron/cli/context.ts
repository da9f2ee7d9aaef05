/** What every verb is given. */
import type { Arguments } from './args.ts';
import { aloneLink } from './alone-link.ts';
import { Failure, EXIT } from './exit-codes.ts';
import { hostLink } from './host-link.ts';
import type { Link } from './link.ts';
import type { Answer, Output } from './output.ts';

export interface Context {
  args: Arguments;
  out: Output;
  dataDir: string;
  /** The running host, or with `--url` a core of our own; the same one every time. */
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
  const make = async (): Promise<Link> => {
    const url = args.text('url');
    const onCall = (trace: Parameters<Output['trace']>[0]): void => {
      out.trace(trace);
    };
    if (url === undefined) return hostLink(dataDir, onCall, left);
    return aloneLink({ url, keyFile: args.text('key-file'), onCall, left });
  };
  return {
    link: () => (made ??= make()),
    close: async () => {
      const link = await made?.catch(() => undefined);
      await link?.close();
    },
  };
}

/** Verbs that make no sense against a single server without a host. */
export function needsHost(context: Context): void {
  if (context.args.has('url'))
    throw new Failure(
      EXIT.usage,
      `switchyard ${context.args.verb?.name ?? ''} needs a running Switchyard: --url can’t be used with it.`,
    );
}
