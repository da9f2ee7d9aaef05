/**
 * What Electron does to SIGINT, SIGTERM and SIGHUP. Read against electron_browser_main_parts_posix.cc of 22 August 2026
 * (`InstallShutdownSignalHandlers`), Node's startListeningIfSignal and libuv's uv_signal_start: between the entry's end and
 * `ready` the system's handlers become Electron's, so listeners that are there already are never called again. One that is
 * added while there is none wins the signal back; one that is added beside an old one does not. Electron's own handler quits
 * the app the first time and leaves the next one to the system.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Signal = (typeof SIGNALS)[number];
type Listener = (...args: unknown[]) => void;

const isOurs = (name: string | symbol): name is Signal => SIGNALS.some((signal) => signal === name);

/** Takes the signals over from now on; what is returned is to be called where Electron installs its handlers. */
export function playSignals(quit: () => void): () => void {
  const listeners = new Map<Signal, Listener[]>(SIGNALS.map((signal) => [signal, []]));
  const electrons = new Set<Signal>();
  const real = { on: process.on.bind(process), off: process.removeListener.bind(process) };
  const add = (signal: Signal, listener: Listener): void => {
    const now = listeners.get(signal) ?? [];
    if (now.length === 0) electrons.delete(signal);
    now.push(listener);
  };
  const remove = (signal: Signal, listener: Listener): void => {
    const now = listeners.get(signal) ?? [];
    const at = now.indexOf(listener);
    if (at >= 0) now.splice(at, 1);
  };
  const patched =
    (ours: (signal: Signal, listener: Listener) => void, others: (name: string, listener: Listener) => unknown) =>
    (name: string | symbol, listener: Listener) => {
      if (isOurs(name)) ours(name, listener);
      else others(name as string, listener);
      return process;
    };
  const on = patched(add, real.on);
  const off = patched(remove, real.off);
  Object.assign(process, { on, addListener: on, off, removeListener: off });

  for (const signal of SIGNALS) {
    const hear = (): void => {
      const now = listeners.get(signal) ?? [];
      if (electrons.has(signal)) {
        // The action is the system's again.
        real.off(signal, hear);
        quit();
      } else if (now.length > 0) for (const listener of now.slice()) listener(signal);
      else {
        real.off(signal, hear);
        process.kill(process.pid, signal);
      }
    };
    real.on(signal, hear);
  }
  return () => {
    for (const signal of SIGNALS) electrons.add(signal);
  };
}
