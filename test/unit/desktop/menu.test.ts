/** The application menu. */
import type { MenuItemConstructorOptions } from 'electron';
import { describe, expect, it } from 'vitest';
import { menuTemplate } from '../../../electron/desktop/menu.ts';
import type { TrayAction } from '../../../electron/desktop/tray/model.ts';

describe('the menu', () => {
  const flat = (items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])]);
  it.each(['darwin', 'win32', 'linux'] as const)(
    'on %s has every way out, and no developer tools in a package',
    (platform) => {
      const acted: TrayAction[] = [];
      const items = flat(
        menuTemplate({ platform, paused: false, devTools: false, act: (action) => acted.push(action) }),
      );
      const roles = items.map(({ role }) => role);
      expect(roles).not.toContain('toggleDevTools');
      expect(roles).not.toContain('reload');
      // The life machine must hear of a quit first: the role would go past it on no system, but say its own words.
      expect(roles).not.toContain('quit');
      for (const id of ['quit', 'cancel-all', 'cancel-waiting', 'pause', 'go-queue', 'go-settings', 'go-log'])
        items.find((item) => item.id === id)?.click?.({} as never, undefined, {});
      expect(acted.map((action) => action.do)).toEqual(['quit', 'cancel', 'cancel', 'pause', 'open', 'open', 'open']);
      expect(new Set(items.flatMap(({ id }) => (id === undefined ? [] : [id]))).size).toBe(
        items.filter(({ id }) => id !== undefined).length,
      );
    },
  );
});
