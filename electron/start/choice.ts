/** How `npm start` shows Switchyard, decided from what was asked and what is there. Pure; main.ts does it. */

export interface Choice {
  show: 'electron' | 'host';
  /** What the chosen one is told. */
  words: string[];
}

const HOST_WORDS = ['--browser', '--no-open', '--window', '--port', '--help', '-h'];

/** What was asked for can only be done by the host: no Electron is looked for. */
export function wantsHost(words: readonly string[]): boolean {
  return words.some((word) => HOST_WORDS.includes(word) || word.startsWith('--port='));
}

/** `--electron` and `--browser` choose; everything else is passed on. A string says why it can't be as asked. */
export function choose(words: readonly string[], electron: string | undefined, shell: boolean): Choice | string {
  const rest = words.filter((word) => word !== '--electron');
  const asked = rest.length < words.length;
  if (asked && wantsHost(words))
    return '--electron shows Switchyard in a window of its own: leave out --browser, --window, --no-open and --port.';
  if (asked && !shell) return 'Switchyard has no Electron shell yet: leave out --electron.';
  if (asked && electron === undefined)
    return "Electron's runtime is not on this machine and could not be fetched: leave out --electron.";
  if (shell && electron !== undefined && !wantsHost(words)) return { show: 'electron', words: rest };
  // It has no tray to start in.
  const known = rest.filter((word) => word !== '--hidden');
  const isSaid = known.some((word) => ['--browser', '--no-open', '--window'].includes(word));
  return { show: 'host', words: isSaid ? known : ['--window', ...known] };
}

/** What the host is told that takes Electron's place, or shows what runs already: Chromium's own words are not for it. */
export function windowWords(words: readonly string[]): string[] {
  const data = words.flatMap((word, at) => {
    if (word === '--demo' || word === '--perf' || word.startsWith('--data=')) return [word];
    return word === '--data' ? words.slice(at, at + 2) : [];
  });
  return ['--window', ...data];
}
