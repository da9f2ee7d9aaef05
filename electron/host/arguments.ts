/** What the host is told on its command line, read and checked. Does nothing with it. */
import { parseArgs } from 'node:util';
import { dataDirectory, demoDirectory } from '../data-dir.ts';
import { says } from './says.ts';

export interface HostArguments {
  dataDir: string;
  /** Null: the one used last time, or a random one. */
  port: number | null;
  demo: boolean;
  /** What to open once it listens. */
  open: 'window' | 'browser' | 'nothing';
  /** Print how long the start took. */
  perf: boolean;
  help: boolean;
}

/** A string is the sentence to print before exiting with 2. */
export function readArguments(
  words: readonly string[],
  env: Readonly<Record<string, string | undefined>> = process.env,
): HostArguments | string {
  let values;
  try {
    values = parseArgs({
      args: [...words],
      strict: true,
      allowPositionals: false,
      options: {
        data: { type: 'string' },
        port: { type: 'string' },
        demo: { type: 'boolean', default: false },
        window: { type: 'boolean', default: false },
        browser: { type: 'boolean', default: false },
        'no-open': { type: 'boolean', default: false },
        perf: { type: 'boolean', default: false },
        lan: { type: 'boolean', default: false },
        host: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return says.badArguments(error instanceof Error ? error.message : String(error));
  }
  // The local network needs pairing and its own warnings; until they are there nothing but loopback is ever bound (L1).
  if (values.lan || (values.host !== undefined && !['127.0.0.1', 'localhost', '::1'].includes(values.host)))
    return says.noLan;
  const port = values.port === undefined ? null : Number(values.port);
  if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    return says.badPort(String(values.port));
  const dataDir = dataDirectory({ given: values.data, env });
  return {
    dataDir: values.demo ? demoDirectory(dataDir) : dataDir,
    port,
    demo: values.demo,
    open: values['no-open'] ? 'nothing' : values.browser ? 'browser' : values.window ? 'window' : 'nothing',
    perf: values.perf,
    help: values.help,
  };
}
