/** Light or dark on the page: the user's setting, or the system's while the setting says so. */
import type { AppStore } from './app-store.ts';

export function startTheme(app: AppStore): Disposable {
  const systemDark = matchMedia('(prefers-color-scheme: dark)');
  const set = (): void => {
    const { settings } = app.getState();
    const chosen = settings?.theme ?? 'system';
    const theme = chosen === 'system' ? (systemDark.matches ? 'dark' : 'light') : chosen;
    const page = document.documentElement;
    page.dataset['theme'] = theme;
    page.style.colorScheme = theme;
    page.dataset['density'] = settings?.density ?? 'normal';
  };
  set();
  systemDark.addEventListener('change', set);
  const unsubscribe = app.subscribe((next, previous) => {
    if (next.settings !== previous.settings) set();
  });
  return {
    [Symbol.dispose]: () => {
      systemDark.removeEventListener('change', set);
      unsubscribe();
    },
  };
}
