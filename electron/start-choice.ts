/** How `npm start` shows Switchyard, decided from what was asked and what is there. Pure; start.ts does it. */

export interface Choice {
  show: 'electron' | 'host';
  /** What the chosen one is told. */
  words: string[];
}

/** `--electron` and `--browser` choose; everything else is passed on. A string says why it can't be as asked. */
export function choose(words: readonly string[], electron: string | undefined, shell: boolean): Choice | string {
  const rest = words.filter((word) => word !== '--electron');
  const asked = rest.length < words.length;
  const wantsHost = words.some(
    (word) =>
      ['--browser', '--no-open', '--window', '--port', '--help', '-h'].includes(word) || word.startsWith('--port='),
  );
  if (asked && wantsHost)
    return '--electron shows Switchyard in a window of its own: leave out --browser, --window, --no-open and --port.';
  if (asked && !shell) return 'Switchyard has no Electron shell yet: leave out --electron.';
  if (asked && electron === undefined)
    return "Electron's runtime is not on this machine: npx install-electron fetches it, or leave out --electron.";
  if (shell && electron !== undefined && !wantsHost) return { show: 'electron', words: rest };
  return {
    show: 'host',
    words: rest.some((word) => ['--browser', '--no-open', '--window'].includes(word)) ? rest : ['--window', ...rest],
  };
}
