/** Every sentence the host says in a terminal. */
export const says = {
  usage: [
    'Usage: switchyard host [--window | --browser] [--data DIR] [--port N] [--demo] [--perf]',
    '',
    '  --window     open a window of an installed Chromium, Chrome or Edge',
    '  --browser    open the system’s own browser',
    '  --no-open    open nothing, only print the address',
    '  --data DIR   keep everything there (also SWITCHYARD_DATA)',
    '  --port N     listen on this port of 127.0.0.1; 0 for any',
    '  --demo       run against demo servers, with data of their own',
    '  --perf       print how long the start took',
  ].join('\n'),
  badArguments: (why: string) => `${why}\nSee --help.`,
  badPort: (given: string) => `--port needs a number from 0 to 65535, not "${given}".`,
  noLan: 'Switchyard is only served to this machine; opening it to the local network is not built yet.',
  listening: (url: string, launch: string, why: string | null) =>
    `Switchyard is on ${url}${why === null ? '' : ` (${why})`}. Open within a minute: ${launch}`,
  window: (browser: string, url: string) => `Switchyard is open in a window of ${browser}, served on ${url}.`,
  browser: (url: string) => `Switchyard is open in your browser, served on ${url}.`,
  demo: 'This is the demo: its servers, its jobs and its data are not yours, and nothing of yours is touched.',
  alreadyRunning: (pid: number, url: string | null) =>
    `Switchyard is already running on this data (process ${String(pid)}${url === null ? '' : `, ${url}`}).`,
  newLink: 'Press Enter for a new link.',
  windowFailed: (why: string) => `no window could be opened: ${why}`,
  noBrowser: 'no Chromium, Chrome or Edge was found',
  lastWindow: (seconds: number) =>
    `The last window was closed: Switchyard ends in ${String(seconds)} s unless one is opened. Work that runs or waits keeps it going.`,
  waitingForWork: 'Work still runs or waits: Switchyard ends when it is done. Ctrl+C ends it now; nothing is lost.',
  idleEnd: 'Nothing is left to do and no window is open: Switchyard ends.',
  closing: 'Closing. What runs on a server goes on there and is picked up at the next start.',
  closingDemo: 'Closing. The demo’s servers end too, and what runs on them.',
  failed: (why: string) => `Switchyard can't start: ${why}`,
  perf: (coreMs: number, listeningMs: number, rssBytes: number) =>
    JSON.stringify({
      coreMs: Math.round(coreMs),
      listeningMs: Math.round(listeningMs),
      rssMiB: Math.round(rssBytes / 1024 / 1024),
    }),
} as const;
