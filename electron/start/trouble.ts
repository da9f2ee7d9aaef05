/** Why Electron did not open, in one sentence with what to do about it. Pure. */

export type Ended =
  /** It could not be started at all. */
  | { how: 'error'; message: string }
  | { how: 'exit'; code: number | null; signal: string | null }
  /** Neither its window nor its private endpoint came. */
  | { how: 'silence'; ms: number };

/** `said`: what it wrote on stderr. `executable`: its runtime, as it was started. */
export function electronTrouble(ended: Ended, said: string, executable: string): string {
  const { why, todo } = causeOf(ended, said, executable);
  return `Electron did not open: ${why}. ${todo}; npm start -- --electron tries again, otherwise it is left out for an hour.`;
}

function causeOf(ended: Ended, said: string, executable: string): { why: string; todo: string } {
  if (isSandboxRefused(said)) {
    const helper = `'${executable.replace(/[^/\\]*$/, 'chrome-sandbox')}'`;
    return {
      why: 'this system does not allow its sandbox',
      todo: `Allow it with: sudo chown root:root ${helper} && sudo chmod 4755 ${helper}`,
    };
  }
  const library = /error while loading shared libraries: ([^\s:]+)/.exec(said)?.[1];
  if (library !== undefined)
    return { why: `${library} is missing`, todo: 'Install what docs/desktop.md names under “What Linux needs”' };
  switch (ended.how) {
    case 'error':
      return { why: ended.message, todo: 'To refetch it, remove node_modules/electron/dist' };
    case 'exit':
      return {
        why: `it ended with ${String(ended.signal ?? ended.code)} before its window came`,
        todo: 'What it said is above',
      };
    case 'silence':
      return {
        why: `neither its window nor its private socket came within ${String(ended.ms / 1_000)} s`,
        todo: 'What it said is above, if anything, and Switchyard’s log is in its data folder',
      };
  }
}

/** Chromium's own words (setuid_sandbox_host.cc, zygote_host_impl_linux.cc): no namespaces for it, and no helper set up. */
export const isSandboxRefused = (said: string): boolean => /SUID sandbox helper|No usable sandbox/i.test(said);
