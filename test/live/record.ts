/**
 * `npm run record -- URL FILE [SECONDS]`: watches a ComfyUI server as the core does and writes all traffic, redacted, as
 * JSON lines in the form of test/recordings/. Submits and stops nothing; use the server from elsewhere meanwhile.
 */
import { createWriteStream } from 'node:fs';
import { LogSink } from '../../electron/core/log.ts';
import { ComfyAdapter } from '../../electron/core/servers/comfy/adapter.ts';
import { ServerLink } from '../../electron/core/servers/link.ts';
import { newServerId, uuidv4 } from '../../shared/ids.ts';
import { Recording } from './recording.ts';

const [url, file, secondsText = '60'] = process.argv.slice(2);
const seconds = Number(secondsText);
if (url === undefined || file === undefined || !(seconds > 0)) {
  process.stderr.write('usage: npm run record -- URL FILE [SECONDS]\n');
  process.exit(2);
}

const out = createWriteStream(file, { flags: 'wx' });
let lines = 0;
const trace = new Recording((line) => {
  lines += 1;
  out.write(`${line}\n`);
});
trace.add({ dir: 'note', data: `recorded for ${secondsText} s, watching only` });

const link = new ServerLink({
  server: {
    id: newServerId(),
    kind: 'comfy',
    name: 'recorded',
    url,
    clientId: uuidv4(),
    maxInFlight: 1,
    allowUntargetedInterrupt: false,
  },
  makeAdapter: (context) => new ComfyAdapter(context, { trace }),
  hooks: {
    reconcile: () => Promise.resolve(),
    onFact: () => undefined,
    onLive: () => undefined,
    onForeign: () => undefined,
    onStatus: (_id, { contact, error }) => {
      process.stderr.write(`${contact}${error === null ? '' : `: ${error.message}`}\n`);
    },
    onOnline: () => undefined,
  },
  credential: () => Promise.resolve(null),
  isOurs: () => false,
  witness: { get: () => null, set: () => undefined },
  log: new LogSink(null).log(),
});
link.start();
const stop = new AbortController();
process.once('SIGINT', () => {
  stop.abort();
});
await new Promise<void>((resolve) => {
  const timer = setTimeout(resolve, seconds * 1_000);
  stop.signal.addEventListener('abort', () => {
    clearTimeout(timer);
    resolve();
  });
});
await link.close();
out.end(() => process.stderr.write(`${String(lines)} lines in ${file}\n`));
