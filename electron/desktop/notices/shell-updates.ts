/** Updates as the desktop app looks for them: by what lies around this copy, and with the app's own end when one fails. */
import type { DesktopState } from '../../../shared/desktop-topics.ts';
import type { DesktopOptions } from '../options.ts';
import { Updates, mannerHere, releasePage } from './updates.ts';
import type { UpdatesOptions } from './updates.ts';

type Told = Pick<UpdatesOptions, 'notice' | 'show' | 'restart' | 'log'> & {
  newer: (found: NonNullable<DesktopState['newer']>) => void;
};

export function shellUpdates(
  { electron, env, loadUpdater, places, platform, signed, version }: DesktopOptions,
  { newer, ...told }: Told,
): Updates {
  const { app } = electron;
  return new Updates({
    manner: mannerHere({ packaged: app.isPackaged, platform, env, resourcesPath: places.resources, signed }),
    version,
    load: loadUpdater,
    newer: (found) => {
      newer({ version: found, url: releasePage(places.resources) });
    },
    // Its core is closed and can't be opened again in this process.
    installFailed: () => {
      app.relaunch();
      app.exit(0);
    },
    ...told,
  });
}
