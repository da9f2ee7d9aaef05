/**
 * SIGINT, SIGTERM and SIGHUP, before Electron is ready and after. In between Electron makes the system's handlers its own
 * (electron_browser_main_parts_posix.cc), which asks as the menu's Quit would and leaves the next signal to kill: listeners
 * from before are dead then. Only one that is added while there is none is heard again.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** `end` may be called more than once. What is returned is to be called as soon as Electron is ready. */
export function hearSignals(end: () => void): () => void {
  const hear = (): void => {
    for (const signal of SIGNALS) {
      process.removeListener(signal, end);
      process.on(signal, end);
    }
  };
  hear();
  return hear;
}
